package clustertest

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// members returns what a sorted set, or a set, has. A set gives the score 1.
func (s *step) members(key string) (map[string]float64, error) {
	kind, err := s.typeOf(key)
	if err != nil {
		return nil, err
	}
	found := map[string]float64{}
	switch kind {
	case "none":
	case "set":
		list, err := s.list("SMEMBERS", key)
		for _, member := range list {
			found[member] = 1
		}
		return found, err
	case "zset":
		list, err := s.list("ZRANGE", key, "0", "-1", "WITHSCORES")
		for pair := range slices.Chunk(list, 2) {
			found[pair[0]], _ = strconv.ParseFloat(pair[1], 64)
		}
		return found, err
	default:
		return nil, errWrongType
	}
	return found, nil
}

// withScores runs a command whose reply has scores if the arguments say so.
func withScores(s *step, args []string) (any, error) {
	reply, err := s.do(args...)
	list, ok := reply.([]any)
	switch {
	case !ok || err != nil:
		return reply, err
	case strings.HasPrefix(strings.ToUpper(args[0]), "ZPOP"):
		if len(args) == 2 { // one member and its score, without a list around them
			return single(list)
		}
	case indexFold(args[2:], "WITHSCORES") < 0:
		return list, nil
	}
	result := scored{}
	for pair := range slices.Chunk(list, 2) {
		score, err := strconv.ParseFloat(fmt.Sprint(pair[1]), 64)
		if err != nil {
			return nil, err
		}
		result = append(result, scoredMember{fmt.Sprint(pair[0]), score})
	}
	return result, nil
}

// single is the reply of ZPOPMIN and ZPOPMAX without a count.
func single(list []any) (any, error) {
	if len(list) != 2 {
		return list, nil
	}
	score, err := strconv.ParseFloat(fmt.Sprint(list[1]), 64)
	return []any{list[0], score}, err
}

// storeOrDelete runs a command that stores its result. Of an empty one nothing
// is left, where miniredis leaves an empty key.
func storeOrDelete(s *step, args []string) (any, error) {
	reply, err := s.do(args...)
	if reply == 0 && err == nil {
		_, err = s.do("DEL", args[1])
	}
	return reply, err
}

// countedSources reads the number of keys at args[at], the keys, and what the
// sorted sets at those keys have.
func (s *step) countedSources(args []string, at int) (sources []map[string]float64, rest []string, err error) {
	n, err := integer(args[at])
	if err != nil {
		return nil, nil, err
	}
	if n < 1 {
		return nil, nil, fmt.Errorf("ERR at least 1 input key is needed for '%s' command", strings.ToLower(args[0]))
	}
	rest = args[at+1:]
	if n > len(rest) {
		return nil, nil, errSyntax
	}
	for _, key := range rest[:n] {
		source, err := s.members(key)
		if err != nil {
			return nil, nil, err
		}
		sources = append(sources, source)
	}
	return sources, rest[n:], nil
}

// difference returns the members of the first source that no other has, in the
// order of a sorted set.
func difference(sources []map[string]float64) scored {
	result := scored{}
	for member, score := range sources[0] {
		if !slices.ContainsFunc(sources[1:], func(other map[string]float64) bool { return has(other, member) }) {
			result = append(result, scoredMember{member, score})
		}
	}
	slices.SortFunc(result, func(a, b scoredMember) int {
		return cmp.Or(cmp.Compare(a.score, b.score), cmp.Compare(a.member, b.member))
	})
	return result
}

func has(members map[string]float64, member string) bool {
	_, ok := members[member]
	return ok
}

// zsetDiff is ZDIFF.
func zsetDiff(s *step, args []string) (any, error) {
	sources, rest, err := s.countedSources(args, 1)
	if err != nil {
		return nil, err
	}
	withScores := len(rest) == 1 && strings.EqualFold(rest[0], "WITHSCORES")
	if len(rest) > 0 && !withScores {
		return nil, errSyntax
	}
	result := difference(sources)
	if withScores {
		return result, nil
	}
	members := make([]string, len(result))
	for i, m := range result {
		members[i] = m.member
	}
	return members, nil
}

// zsetDiffStore is ZDIFFSTORE.
func zsetDiffStore(s *step, args []string) (any, error) {
	sources, rest, err := s.countedSources(args, 2)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, errSyntax
	}
	return s.replaceZset(args[1], difference(sources))
}

// replaceZset puts members into a key in place of whatever was there, and returns
// their number.
func (s *step) replaceZset(key string, members scored) (any, error) {
	if _, err := s.do("DEL", key); err != nil || len(members) == 0 {
		return 0, err
	}
	add := []string{"ZADD", key}
	for _, m := range members {
		add = append(add, strconv.FormatFloat(m.score, 'g', -1, 64), m.member)
	}
	return s.do(add...)
}

// zsetInterCard is ZINTERCARD.
func zsetInterCard(s *step, args []string) (any, error) {
	sources, rest, err := s.countedSources(args, 1)
	if err != nil {
		return nil, err
	}
	limit := 0
	for ; len(rest) > 0; rest = rest[2:] {
		if !strings.EqualFold(rest[0], "LIMIT") || len(rest) < 2 {
			return nil, errSyntax
		}
		if limit, err = strconv.Atoi(rest[1]); err != nil || limit < 0 {
			return nil, errors.New("ERR LIMIT can't be negative")
		}
	}
	count := 0
	for member := range sources[0] {
		if !slices.ContainsFunc(sources[1:], func(other map[string]float64) bool { return !has(other, member) }) {
			count++
		}
	}
	if limit > 0 {
		count = min(count, limit)
	}
	return count, nil
}

// zsetRangeStore is ZRANGESTORE.
func zsetRangeStore(s *step, args []string) (any, error) {
	if indexFold(args[5:], "WITHSCORES") >= 0 {
		return nil, errSyntax
	}
	members, err := s.list(append([]string{"ZRANGE"}, args[2:]...)...)
	if err != nil {
		return nil, err
	}
	scores, err := s.members(args[2])
	if err != nil {
		return nil, err
	}
	result := scored{}
	for _, member := range members {
		result = append(result, scoredMember{member, scores[member]})
	}
	return s.replaceZset(args[1], result)
}

// place is a position on the Earth, in degrees.
type place struct{ longitude, latitude float64 }

// place returns the position of a member, and false if there is no such member.
func (s *step) place(key, member string) (place, bool, error) {
	reply, err := s.do("GEOPOS", key, member)
	if err != nil {
		return place{}, false, err
	}
	list, _ := reply.([]any)
	if len(list) != 1 {
		return place{}, false, nil
	}
	position, _ := list[0].([]any)
	if len(position) != 2 {
		return place{}, false, nil
	}
	p, err := parsePlace(fmt.Sprint(position[0]), fmt.Sprint(position[1]))
	return p, true, err
}

func parsePlace(longitude, latitude string) (place, error) {
	x, errX := strconv.ParseFloat(longitude, 64)
	y, errY := strconv.ParseFloat(latitude, 64)
	if errX != nil || errY != nil {
		return place{}, errors.New("ERR value is not a valid float")
	}
	return place{x, y}, nil
}

const (
	earthRadius   = 6372797.560856 // metres, as servers have it
	geohashLetter = "0123456789bcdefghjkmnpqrstuvwxyz"
	geohashSize   = 11
)

// geohash is the standard form: a bit of the longitude and a bit of the latitude
// in turn, five to a letter. Servers know 26 bits of each, so the last letter is
// always 0.
func (p place) geohash() string {
	var text [geohashSize]byte
	low, high := [2]float64{-180, -90}, [2]float64{180, 90}
	value := [2]float64{p.longitude, p.latitude}
	for i := range text {
		index := 0
		for bit := range 5 {
			axis := (i*5 + bit) % 2
			middle := (low[axis] + high[axis]) / 2
			index <<= 1
			if value[axis] >= middle {
				index |= 1
				low[axis] = middle
			} else {
				high[axis] = middle
			}
		}
		text[i] = geohashLetter[index]
	}
	text[geohashSize-1] = geohashLetter[0]
	return string(text[:])
}

// metres is the distance between two places, on a sphere.
func (p place) metres(q place) float64 {
	const radian = math.Pi / 180
	u := math.Sin((q.latitude - p.latitude) * radian / 2)
	v := math.Sin((q.longitude - p.longitude) * radian / 2)
	return 2 * earthRadius * math.Asin(math.Sqrt(u*u+math.Cos(p.latitude*radian)*math.Cos(q.latitude*radian)*v*v))
}

// geoAdd is GEOADD with its options.
func geoAdd(s *step, args []string) (any, error) {
	var onlyNew, onlyOld, changes bool
	rest := args[2:]
options:
	for ; len(rest) > 0; rest = rest[1:] {
		switch strings.ToUpper(rest[0]) {
		case "NX":
			onlyNew = true
		case "XX":
			onlyOld = true
		case "CH":
			changes = true
		default:
			break options
		}
	}
	if len(rest) == 0 || len(rest)%3 != 0 || onlyNew && onlyOld {
		return nil, errSyntax
	}
	scores, err := s.members(args[1])
	if err != nil {
		return nil, err
	}
	add := []string{"GEOADD", args[1]}
	for triple := range slices.Chunk(rest, 3) {
		if old := has(scores, triple[2]); !(onlyNew && old) && !(onlyOld && !old) {
			add = append(add, triple...)
		} else if _, err := parsePlace(triple[0], triple[1]); err != nil {
			return nil, err
		}
	}
	if len(add) == 2 {
		return 0, nil
	}
	added, err := s.do(add...)
	if err != nil || !changes {
		return added, err
	}
	now, err := s.members(args[1])
	count := 0
	for member, score := range now {
		if old, ok := scores[member]; !ok || old != score {
			count++
		}
	}
	return count, err
}

// geoHash is GEOHASH.
func geoHash(s *step, args []string) (any, error) {
	kind, err := s.typeOf(args[1])
	if err != nil {
		return nil, err
	}
	if kind != "none" && kind != "zset" {
		return nil, errWrongType
	}
	hashes := []any{}
	for _, member := range args[2:] {
		p, ok, err := s.place(args[1], member)
		switch {
		case err != nil:
			return nil, err
		case ok:
			hashes = append(hashes, p.geohash())
		default:
			hashes = append(hashes, nil)
		}
	}
	return hashes, nil
}

// geoSearchStore is GEOSEARCHSTORE.
func geoSearchStore(s *step, args []string) (any, error) {
	source := args[2]
	search := []string{"GEOSEARCH"}
	storeDist := false
	for _, arg := range args[2:] {
		if strings.EqualFold(arg, "STOREDIST") {
			storeDist = true
		} else {
			search = append(search, arg)
		}
	}
	for _, option := range []string{"WITHCOORD", "WITHDIST", "WITHHASH"} {
		if indexFold(search, option) >= 0 {
			return nil, errSyntax
		}
	}
	members, err := s.list(search...)
	if err != nil {
		return nil, err
	}
	scores, err := s.members(source)
	if err != nil {
		return nil, err
	}
	if storeDist && len(members) > 0 {
		if scores, err = s.distances(source, members, search); err != nil {
			return nil, err
		}
	}
	result := scored{}
	for _, member := range members {
		result = append(result, scoredMember{member, scores[member]})
	}
	return s.replaceZset(args[1], result)
}

// distances returns how far the members are from the centre of a search, in the
// unit of the search.
func (s *step) distances(key string, members, search []string) (map[string]float64, error) {
	var centre place
	var err error
	unit := 1.0
	for i, arg := range search {
		following := search[i+1:]
		switch option := strings.ToUpper(arg); {
		case option == "FROMMEMBER" && len(following) >= 1:
			centre, _, err = s.place(key, following[0])
		case option == "FROMLONLAT" && len(following) >= 2:
			centre, err = parsePlace(following[0], following[1])
		case option == "BYRADIUS" && len(following) >= 2:
			unit = metresPer[strings.ToLower(following[1])]
		case option == "BYBOX" && len(following) >= 3:
			unit = metresPer[strings.ToLower(following[2])]
		}
		if err != nil {
			return nil, err
		}
	}
	found := map[string]float64{}
	for _, member := range members {
		p, _, err := s.place(key, member)
		if err != nil {
			return nil, err
		}
		found[member] = centre.metres(p) / unit
	}
	return found, nil
}

var metresPer = map[string]float64{"m": 1, "km": 1000, "ft": 0.3048, "mi": 1609.34}
