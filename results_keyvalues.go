package redis

import (
	"context"
	"fmt"
	"strconv"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// keyed is a command on several keys that answers for the first of them that
// has something to give: with its name and with what was taken from it.
type keyed[T any] struct {
	baseCmd
	key string
	val []T
}

// Val is the key and its elements; "" and nil when the command failed.
func (k *keyed[T]) Val() (string, []T) { return k.key, k.val }

// SetVal sets what Val returns; hooks and fakes need it.
func (k *keyed[T]) SetVal(key string, val []T) { k.key, k.val = key, val }

// Result is the key, its elements and the command's error, [Nil] when all keys
// were empty.
func (k *keyed[T]) Result() (string, []T, error) { return k.key, k.val, k.Err() }

// String shows the command and its result.
func (k *keyed[T]) String() string { return k.text(fmt.Sprint(k.key, " ", k.val)) }

func (k *keyed[T]) decodeWith(d *resp.Decoder, list func(*resp.Decoder) ([]T, error)) error {
	if err := tuple(d, 2); err != nil {
		return err
	}
	key, err := d.String()
	if err != nil {
		return err
	}
	val, err := list(d)
	if err != nil {
		return err
	}
	k.key, k.val = key, val
	return nil
}

// KeyValuesCmd is a command that answers with a key and with elements of it,
// or with [Nil] where no key has any.
type KeyValuesCmd struct{ keyed[string] }

// NewKeyValuesCmd makes a command from its name and arguments, for Process.
func NewKeyValuesCmd(ctx context.Context, args ...any) *KeyValuesCmd {
	return fromArgs(new(KeyValuesCmd), args)
}

func (c *KeyValuesCmd) decode(d *resp.Decoder) error {
	return c.decodeWith(d, decodeStrings)
}

// KeyValue is a field of a hash and its value.
type KeyValue struct {
	Key   string // the field's name
	Value string // the field's value
}

// KeyValueSliceCmd is a command that answers with a list of fields and values,
// in the order of the server.
type KeyValueSliceCmd struct{ result[[]KeyValue] }

// NewKeyValueSliceCmd makes a command from its name and arguments, for Process.
func NewKeyValueSliceCmd(ctx context.Context, args ...any) *KeyValueSliceCmd {
	return fromArgs(new(KeyValueSliceCmd), args)
}

func (c *KeyValueSliceCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodePairs(d, decodeKeyValue)
	return err
}

func decodeKeyValue(d *resp.Decoder) (kv KeyValue, err error) {
	if kv.Key, err = d.String(); err == nil {
		kv.Value, err = d.String()
	}
	return kv, err
}

// decodePairs reads a list of pairs. RESP3 has each pair in an array of its
// own; so have some commands in RESP2, while the others list both halves in
// turn.
func decodePairs[T any](d *resp.Decoder, pair func(*resp.Decoder) (T, error)) ([]T, error) {
	n, err := d.Array()
	if err != nil {
		return nil, err
	}
	nested := n > 0 && d.Peek() == resp.Array
	if !nested {
		if n%2 != 0 {
			return nil, &resp.TypeError{Got: elements(n), Want: "pairs"}
		}
		n /= 2
	}
	list := make([]T, 0, d.Cap(n))
	for range n {
		if nested {
			if err := tuple(d, 2); err != nil {
				return nil, err
			}
		}
		v, err := pair(d)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// tuple consumes the header of an array that must have n elements.
func tuple(d *resp.Decoder, n int) error {
	got, err := d.Array()
	if err == nil && got != n {
		err = &resp.TypeError{Got: elements(got), Want: elements(n)}
	}
	return err
}

func elements(n int) string { return "an array of " + strconv.Itoa(n) }
