package resp

import "math/big"

// Any reads whatever comes: a string, int64, float64, bool, *big.Int, []any or
// map[any]any. Inside those two, null is nil and an error of the server is an
// [Error]; at the top, both are returned as errors.
func (d *Decoder) Any() (any, error) {
	if d.bare {
		return d.String()
	}
	if err := d.pass(); err != nil {
		return nil, err
	}
	start := *d
	v, err := d.any(0)
	if err != nil { // it may be an error about a part: go on behind the whole
		*d = start
		if err := d.Skip(); err != nil {
			return nil, err
		}
		return nil, err
	}
	switch v := v.(type) {
	case nil:
		return nil, Nil
	case Error:
		return nil, v
	}
	return v, nil
}

// any returns null and errors of the server as values.
func (d *Decoder) any(depth int) (any, error) {
	if depth > MaxDepth {
		return nil, errDepth
	}
	var v any
	var err error
	switch kind := d.Peek(); {
	case kind == Map:
		v, err = d.anyMap(depth)
	case kind.aggregate():
		v, err = d.anyList(depth)
	default:
		v, err = d.anySingle()
	}
	if reply, ok := err.(Error); ok {
		if reply == Nil {
			return nil, nil
		}
		return reply, nil
	}
	return v, err
}

func (d *Decoder) anyList(depth int) (any, error) {
	n, err := d.Array()
	if err != nil {
		return nil, err
	}
	list := make([]any, 0, d.Cap(n))
	for range n {
		v, err := d.any(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

func (d *Decoder) anyMap(depth int) (any, error) {
	n, err := d.Pairs()
	if err != nil {
		return nil, err
	}
	m := make(map[any]any, d.Cap(n))
	for range n {
		k, err := d.any(depth + 1)
		if err != nil {
			return nil, err
		}
		v, err := d.any(depth + 1)
		if err != nil {
			return nil, err
		}
		switch k.(type) {
		case []any, map[any]any:
			return nil, unexpected(Map, "keys that can be compared")
		}
		m[k] = v
	}
	return m, nil
}

func (d *Decoder) anySingle() (any, error) {
	kind, b, err := d.text()
	if err != nil {
		return nil, err
	}
	switch kind {
	case Integer:
		if n, ok := parseInt(b); ok {
			return n, nil
		}
		return nil, badValue(b, "an integer")
	case Double:
		if f, ok := parseFloat(b); ok {
			return f, nil
		}
		return nil, badValue(b, "a number")
	case BigNumber:
		if n, ok := new(big.Int).SetString(string(b), 10); ok {
			return n, nil
		}
		return nil, badValue(b, "an integer")
	case Boolean:
		return b[0] == '1', nil
	}
	return d.makeString(kind, b), nil
}
