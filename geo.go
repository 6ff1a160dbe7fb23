package redis

import (
	"context"
	"fmt"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// GeoCmdable has the commands on geospatial indexes: sorted sets whose scores
// are positions. Longitudes and latitudes are in degrees; a unit is "m", "km",
// "ft" or "mi", and kilometres where it is empty.
type GeoCmdable interface {
	GeoAdd(ctx context.Context, key string, geoLocation ...*GeoLocation) *IntCmd
	GeoPos(ctx context.Context, key string, members ...string) *GeoPosCmd
	GeoRadius(ctx context.Context, key string, longitude, latitude float64, query *GeoRadiusQuery) *GeoLocationCmd
	GeoRadiusStore(ctx context.Context, key string, longitude, latitude float64, query *GeoRadiusQuery) *IntCmd
	GeoRadiusByMember(ctx context.Context, key, member string, query *GeoRadiusQuery) *GeoLocationCmd
	GeoRadiusByMemberStore(ctx context.Context, key, member string, query *GeoRadiusQuery) *IntCmd
	GeoSearch(ctx context.Context, key string, q *GeoSearchQuery) *StringSliceCmd
	GeoSearchLocation(ctx context.Context, key string, q *GeoSearchLocationQuery) *GeoSearchLocationCmd
	GeoSearchStore(ctx context.Context, key, store string, q *GeoSearchStoreQuery) *IntCmd
	GeoDist(ctx context.Context, key string, member1, member2, unit string) *FloatCmd
	GeoHash(ctx context.Context, key string, members ...string) *StringSliceCmd
}

// GeoRadiusQuery says what to look for around a centre, and what to answer.
type GeoRadiusQuery struct {
	// Radius of the circle, in Unit.
	Radius float64
	// Unit is "m", "km", "ft" or "mi"; empty means "km".
	Unit string
	// WithCoord, WithDist and WithGeoHash ask for these details of each
	// location.
	WithCoord   bool
	WithDist    bool
	WithGeoHash bool
	// Count is how many locations to answer with, the nearest; 0 means all.
	Count int
	// Sort is "ASC", nearest first, or "DESC"; empty means in no order.
	Sort string
	// Store is a key for the locations found, and StoreDist one for their
	// distances. Only the methods whose name ends in Store take them, and they
	// need one.
	Store     string
	StoreDist string
}

// GeoSearchQuery says what to look for: a centre, which is Member or, if that
// is empty, Longitude and Latitude; and a shape, which is a circle if Radius is
// above 0, else a box.
type GeoSearchQuery struct {
	// Member is one whose position is the centre.
	Member string

	// Longitude and Latitude of the centre are in degrees.
	Longitude float64
	Latitude  float64

	// Radius of the circle in RadiusUnit: "m", "km", "ft" or "mi"; empty means
	// "km".
	Radius     float64
	RadiusUnit string

	// BoxWidth and BoxHeight are whole sides, with the centre in the middle,
	// in BoxUnit, which is like RadiusUnit.
	BoxWidth  float64
	BoxHeight float64
	BoxUnit   string

	// Sort is "ASC", nearest first, or "DESC"; empty means in no order.
	Sort string
	// Count is how many locations to answer with, the nearest; 0 means all.
	Count int
	// CountAny takes the first Count found instead of the nearest: less work
	// for the server.
	CountAny bool
}

// GeoSearchLocationQuery is a GeoSearchQuery that asks for details of each
// location.
type GeoSearchLocationQuery struct {
	GeoSearchQuery

	WithCoord bool // the position
	WithDist  bool // the distance from the centre, in the unit of the shape
	WithHash  bool // the score that stands for the position
}

// GeoSearchStoreQuery is a GeoSearchQuery whose result is stored.
type GeoSearchStoreQuery struct {
	GeoSearchQuery

	// StoreDist stores the distances, in the unit of the shape, as scores
	// instead of the positions.
	StoreDist bool
}

// GeoAdd sets the positions of members, by their Name, Longitude and Latitude,
// and answers how many of them are new (GEOADD).
func (c cmdable) GeoAdd(ctx context.Context, key string, geoLocation ...*GeoLocation) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("geoadd", key)
	for i, loc := range geoLocation {
		if loc == nil {
			cmd.reject(fmt.Errorf("redis: geoadd: location %d is nil", i))
			break
		}
		cmd.float(loc.Longitude).float(loc.Latitude).str(loc.Name)
	}
	return do(ctx, c, cmd)
}

// GeoPos reads the positions of members, in their order; nil for each that does
// not exist (GEOPOS).
func (c cmdable) GeoPos(ctx context.Context, key string, members ...string) *GeoPosCmd {
	cmd := new(GeoPosCmd)
	cmd.start("geopos", key).strs(members...)
	return do(ctx, c, cmd)
}

// GeoRadius finds the members in a circle around a position; none when the key
// does not exist. The query must not ask to store them (GEORADIUS_RO).
func (c cmdable) GeoRadius(ctx context.Context, key string, longitude, latitude float64, query *GeoRadiusQuery) *GeoLocationCmd {
	cmd := new(GeoLocationCmd)
	cmd.start("georadius_ro", key).float(longitude).float(latitude).geoRadius(query)
	cmd.geoStores(query, false)
	return do(ctx, c, cmd)
}

// GeoRadiusStore stores the members in a circle around a position under the
// query's Store or StoreDist, and answers how many there are (GEORADIUS).
func (c cmdable) GeoRadiusStore(ctx context.Context, key string, longitude, latitude float64, query *GeoRadiusQuery) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("georadius", key).float(longitude).float(latitude).geoRadius(query)
	cmd.geoStores(query, true)
	return do(ctx, c, cmd)
}

// GeoRadiusByMember finds the members in a circle around one of them; none when
// the key does not exist, an error when the member does not. The query must not
// ask to store them (GEORADIUSBYMEMBER_RO).
func (c cmdable) GeoRadiusByMember(ctx context.Context, key, member string, query *GeoRadiusQuery) *GeoLocationCmd {
	cmd := new(GeoLocationCmd)
	cmd.start("georadiusbymember_ro", key, member).geoRadius(query)
	cmd.geoStores(query, false)
	return do(ctx, c, cmd)
}

// GeoRadiusByMemberStore stores the members in a circle around one of them
// under the query's Store or StoreDist, and answers how many there are
// (GEORADIUSBYMEMBER).
func (c cmdable) GeoRadiusByMemberStore(ctx context.Context, key, member string, query *GeoRadiusQuery) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("georadiusbymember", key, member).geoRadius(query)
	cmd.geoStores(query, true)
	return do(ctx, c, cmd)
}

// GeoSearch finds the names of the members in a circle or box; none when the
// key does not exist, an error when the query's Member does not (GEOSEARCH).
func (c cmdable) GeoSearch(ctx context.Context, key string, q *GeoSearchQuery) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("geosearch", key).geoSearch(q)
	return do(ctx, c, cmd)
}

// GeoSearchLocation is GeoSearch with details of each member (GEOSEARCH).
func (c cmdable) GeoSearchLocation(ctx context.Context, key string, q *GeoSearchLocationQuery) *GeoSearchLocationCmd {
	cmd := new(GeoSearchLocationCmd)
	cmd.start("geosearch", key).geoSearchLocation(q)
	return do(ctx, c, cmd)
}

// GeoSearchStore finds members of key in a circle or box, puts them into store
// in place of what was there, and answers how many there are
// (GEOSEARCHSTORE).
func (c cmdable) GeoSearchStore(ctx context.Context, key, store string, q *GeoSearchStoreQuery) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("geosearchstore", store, key)
	if q == nil {
		cmd.rejectNil("query")
		return do(ctx, c, cmd)
	}
	cmd.geoSearch(&q.GeoSearchQuery)
	if q.StoreDist {
		cmd.str("storedist")
	}
	return do(ctx, c, cmd)
}

// GeoDist is the distance of two members in unit, which is "km" where it is
// empty; [Nil] when one of them does not exist (GEODIST).
func (c cmdable) GeoDist(ctx context.Context, key string, member1, member2, unit string) *FloatCmd {
	cmd := new(FloatCmd)
	cmd.start("geodist", key, member1, member2, geoUnit(unit))
	return do(ctx, c, cmd)
}

// GeoHash reads the positions of members as Geohash strings of 11 characters;
// "" for each that does not exist (GEOHASH).
func (c cmdable) GeoHash(ctx context.Context, key string, members ...string) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("geohash", key).strs(members...)
	return do(ctx, c, cmd)
}

// geoRadius adds the arguments that q stands for.
func (c *baseCmd) geoRadius(q *GeoRadiusQuery) {
	if q == nil {
		c.rejectNil("query")
		return
	}
	c.float(q.Radius).str(geoUnit(q.Unit))
	c.flag(q.WithCoord, "withcoord").flag(q.WithDist, "withdist").flag(q.WithGeoHash, "withhash")
	if q.Count > 0 {
		c.str("count").int(int64(q.Count))
	}
	if q.Sort != "" {
		c.str(q.Sort)
	}
	if q.Store != "" {
		c.strs("store", q.Store)
	}
	if q.StoreDist != "" {
		c.strs("storedist", q.StoreDist)
	}
}

// geoStores fails a command whose query stores when it must not, or does not
// when it must.
func (c *baseCmd) geoStores(q *GeoRadiusQuery, must bool) {
	switch {
	case q == nil || must == (q.Store != "" || q.StoreDist != ""):
	case must:
		c.reject(fmt.Errorf("redis: %s: the query needs Store or StoreDist", c.Name()))
	default:
		c.reject(fmt.Errorf("redis: %s: the query must not have Store or StoreDist", c.Name()))
	}
}

// geoSearch adds the arguments that q stands for.
func (c *baseCmd) geoSearch(q *GeoSearchQuery) {
	if q == nil {
		c.rejectNil("query")
		return
	}
	if q.Member != "" {
		c.strs("frommember", q.Member)
	} else {
		c.str("fromlonlat").float(q.Longitude).float(q.Latitude)
	}
	if q.Radius > 0 {
		c.str("byradius").float(q.Radius).str(geoUnit(q.RadiusUnit))
	} else {
		c.str("bybox").float(q.BoxWidth).float(q.BoxHeight).str(geoUnit(q.BoxUnit))
	}
	if q.Sort != "" {
		c.str(q.Sort)
	}
	if q.Count > 0 {
		c.str("count").int(int64(q.Count)).flag(q.CountAny, "any")
	}
}

func (c *baseCmd) geoSearchLocation(q *GeoSearchLocationQuery) {
	if q == nil {
		c.rejectNil("query")
		return
	}
	c.geoSearch(&q.GeoSearchQuery)
	c.flag(q.WithCoord, "withcoord").flag(q.WithDist, "withdist").flag(q.WithHash, "withhash")
}

func geoUnit(unit string) string {
	if unit == "" {
		return "km"
	}
	return unit
}

// GeoPos is a position in degrees.
type GeoPos struct {
	Longitude, Latitude float64
}

// GeoLocation is a member of a geospatial index. In a reply the fields beside
// Name are set only if the query asked for them.
type GeoLocation struct {
	Name string // the member
	// Longitude and Latitude are in degrees.
	Longitude, Latitude float64
	// Dist is the distance from the centre of the query, in its unit.
	Dist float64
	// GeoHash is the position as the server stores it: 52 bits, which are the
	// member's score.
	GeoHash int64
}

// GeoPosCmd is a command that answers with the positions of members; nil for
// each that does not exist.
type GeoPosCmd struct{ result[[]*GeoPos] }

// NewGeoPosCmd makes a command from its name and arguments, for Process.
func NewGeoPosCmd(ctx context.Context, args ...any) *GeoPosCmd {
	return fromArgs(new(GeoPosCmd), args)
}

// NewGeoPosCmdResult makes a command that has been answered, for tests and
// fakes.
func NewGeoPosCmdResult(val []*GeoPos, err error) *GeoPosCmd {
	return &GeoPosCmd{made(val, err)}
}

func (c *GeoPosCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, decodeGeoPos)
	return err
}

func decodeGeoPos(d *resp.Decoder) (*GeoPos, error) {
	if err := tuple(d, 2); err != nil {
		return nil, err
	}
	longitude, err := d.Float()
	if err != nil {
		return nil, err
	}
	latitude, err := d.Float()
	if err != nil {
		return nil, err
	}
	return &GeoPos{Longitude: longitude, Latitude: latitude}, nil
}

// GeoLocationCmd is a GEORADIUS command that answers with locations.
type GeoLocationCmd struct{ result[[]GeoLocation] }

// NewGeoLocationCmd makes a command from its name and arguments, to which it
// adds those that q stands for.
func NewGeoLocationCmd(ctx context.Context, q *GeoRadiusQuery, args ...any) *GeoLocationCmd {
	cmd := fromArgs(new(GeoLocationCmd), args)
	cmd.geoRadius(q)
	return cmd
}

// NewGeoLocationCmdResult makes a command that has been answered, for tests and
// fakes.
func NewGeoLocationCmdResult(val []GeoLocation, err error) *GeoLocationCmd {
	return &GeoLocationCmd{made(val, err)}
}

func (c *GeoLocationCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, decodeGeoLocation)
	return err
}

// GeoSearchLocationCmd is a GEOSEARCH command that answers with locations.
type GeoSearchLocationCmd struct{ result[[]GeoLocation] }

// NewGeoSearchLocationCmd makes a command from its name and arguments, to which
// it adds those that opt stands for.
func NewGeoSearchLocationCmd(ctx context.Context, opt *GeoSearchLocationQuery, args ...any) *GeoSearchLocationCmd {
	cmd := fromArgs(new(GeoSearchLocationCmd), args)
	cmd.geoSearchLocation(opt)
	return cmd
}

func (c *GeoSearchLocationCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, decodeGeoLocation)
	return err
}

// decodeGeoLocation reads a name, or a name and the details that were asked
// for. Their types tell them apart, so that the query need not be kept.
func decodeGeoLocation(d *resp.Decoder) (loc GeoLocation, err error) {
	details := 0
	if d.Peek() == resp.Array {
		n, err := d.Array()
		if err != nil {
			return loc, err
		}
		if n == 0 {
			return loc, &resp.TypeError{Got: elements(n), Want: "a name and details"}
		}
		details = n - 1
	}
	if loc.Name, err = d.String(); err != nil {
		return loc, err
	}
	for range details {
		switch d.Peek() {
		case resp.Integer:
			loc.GeoHash, err = d.Int()
		case resp.Array:
			var pos *GeoPos
			if pos, err = decodeGeoPos(d); err == nil {
				loc.Longitude, loc.Latitude = pos.Longitude, pos.Latitude
			}
		default:
			loc.Dist, err = d.Float()
		}
		if err != nil {
			return loc, err
		}
	}
	return loc, nil
}
