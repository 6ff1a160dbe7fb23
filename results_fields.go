package redis

import "github.com/seed-e06f3def/rediscluster/internal/resp"

// decodeFields reads a map, or an array of keys and values in turn, into fields,
// which has for each key where its value goes: a *string, *int64, *uint64 or
// *float64, or a func(*resp.Decoder) error that reads it. Other keys are
// skipped, since newer servers tell more, and null leaves a field as it is.
func decodeFields(d *resp.Decoder, fields map[string]any) error {
	n, err := d.Pairs()
	if err != nil {
		return err
	}
	for range n {
		name, err := d.String()
		if err != nil {
			return err
		}
		if err := decodeField(d, fields[name]); err != nil && err != Nil {
			return err
		}
	}
	return nil
}

func decodeField(d *resp.Decoder, field any) (err error) {
	switch field := field.(type) {
	case *string:
		err = decodeTo(field, d.String)
	case *int64:
		err = decodeTo(field, d.Int)
	case *uint64:
		err = decodeTo(field, d.Uint)
	case *float64:
		err = decodeTo(field, d.Float)
	case func(*resp.Decoder) error:
		err = field(d)
	default:
		err = d.Skip()
	}
	return err
}

func decodeTo[T any](dst *T, read func() (T, error)) error {
	v, err := read()
	if err == nil {
		*dst = v
	}
	return err
}

// into is a field of another type, which read reads.
func into[T any](dst *T, read func(*resp.Decoder) (T, error)) func(*resp.Decoder) error {
	return func(d *resp.Decoder) error {
		v, err := read(d)
		if err == nil {
			*dst = v
		}
		return err
	}
}

// decodeTuple reads an array into fields, as [decodeFields] takes them, one for
// each element. Old servers tell less, but no fewer than least elements, and
// newer ones more.
func decodeTuple(d *resp.Decoder, least int, fields ...any) error {
	n, err := d.Array()
	if err != nil {
		return err
	}
	if n < least {
		return &resp.TypeError{Got: elements(n), Want: elements(least)}
	}
	for i := range n {
		var field any
		if i < len(fields) {
			field = fields[i]
		}
		if err := decodeField(d, field); err != nil && err != Nil {
			return err
		}
	}
	return nil
}
