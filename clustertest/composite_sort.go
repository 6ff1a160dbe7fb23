package clustertest

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// sortOptions are the arguments of SORT.
type sortOptions struct {
	noSort, alpha, desc bool
	offset, count       int // count is negative for all
	store               string
	stores              bool
}

func parseSort(args []string) (sortOptions, error) {
	o := sortOptions{count: -1}
	readOnly := strings.EqualFold(args[0], "SORT_RO")
	for rest := args[2:]; len(rest) > 0; {
		used := 1
		switch option := strings.ToUpper(rest[0]); {
		case option == "ASC":
			o.desc = false
		case option == "DESC":
			o.desc = true
		case option == "ALPHA":
			o.alpha = true
		case option == "LIMIT" && len(rest) > 2:
			var errOffset, errCount error
			o.offset, errOffset = integer(rest[1])
			o.count, errCount = integer(rest[2])
			if err := errors.Join(errOffset, errCount); err != nil {
				return o, errNotInteger
			}
			used = 3
		case option == "STORE" && len(rest) > 1 && !readOnly:
			o.store, o.stores = rest[1], true
			used = 2
		case option == "BY" && len(rest) > 1:
			if strings.Contains(rest[1], "*") {
				return o, replyText("ERR BY option of SORT denied in Cluster mode.")
			}
			o.noSort = true
			used = 2
		case option == "GET" && len(rest) > 1:
			return o, replyText("ERR GET option of SORT denied in Cluster mode.")
		default:
			return o, errSyntax
		}
		rest = rest[used:]
	}
	return o, nil
}

// sortKey is SORT and SORT_RO.
func sortKey(s *step, args []string) (any, error) {
	o, err := parseSort(args)
	if err != nil {
		return nil, err
	}
	kind, items, err := s.sortable(args[1], o.noSort && o.desc)
	if err != nil {
		return nil, err
	}
	if o.noSort && o.stores && kind == "set" {
		o.noSort, o.alpha = false, true // so that the order does not depend on chance
	}
	if !o.noSort {
		if err := sortItems(items, o); err != nil {
			return nil, err
		}
	}
	items = o.page(items)
	if !o.stores {
		return items, nil
	}
	if _, err := s.do("DEL", o.store); err != nil || len(items) == 0 {
		return 0, err
	}
	return s.do(append([]string{"RPUSH", o.store}, items...)...)
}

// sortable returns the type of a key and its elements, in its order or the
// reverse, if it has an order.
func (s *step) sortable(key string, reverse bool) (kind string, items []string, err error) {
	if kind, err = s.typeOf(key); err != nil {
		return kind, nil, err
	}
	switch {
	case kind == "none":
	case kind == "list":
		items, err = s.list("LRANGE", key, "0", "-1")
		if reverse {
			slices.Reverse(items)
		}
	case kind == "set":
		items, err = s.list("SMEMBERS", key)
	case kind == "zset" && reverse:
		items, err = s.list("ZREVRANGE", key, "0", "-1")
	case kind == "zset":
		items, err = s.list("ZRANGE", key, "0", "-1")
	default:
		err = errWrongType
	}
	return kind, items, err
}

func sortItems(items []string, o sortOptions) error {
	scores := map[string]float64{}
	if !o.alpha {
		for _, item := range items {
			score, err := strconv.ParseFloat(item, 64)
			if err != nil && item != "" { // an empty string counts as 0
				return errors.New("ERR One or more scores can't be converted into double")
			}
			scores[item] = score
		}
	}
	slices.SortStableFunc(items, func(a, b string) int {
		order := cmp.Or(cmp.Compare(scores[a], scores[b]), cmp.Compare(a, b))
		if o.desc {
			return -order
		}
		return order
	})
	return nil
}

// page applies LIMIT.
func (o sortOptions) page(items []string) []string {
	items = items[min(max(o.offset, 0), len(items)):]
	if o.count >= 0 {
		items = items[:min(o.count, len(items))]
	}
	return items
}
