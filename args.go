package redis

import (
	"encoding"
	"fmt"
	"math"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/seed-e06f3def/rediscluster/internal/cmdinfo"
	"github.com/seed-e06f3def/rediscluster/internal/hscan"
	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// arg is one argument of a command, kept without boxing: Redis takes text and
// numbers only, so everything a caller may pass comes down to one of the kinds
// below. It is as small as an interface, since every command has room for some.
type arg struct {
	text unsafe.Pointer // the first byte; of a number, the mark of its kind
	n    uint64         // of text the length, with ofBytes; else the number
}

type argKind uint8

const (
	argText argKind = iota
	argBytes
	argInt
	argUint
	argFloat
	argBool
	argKinds
)

// ofBytes is set in the length of a []byte.
const ofBytes = 1 << 63

// marks is for its addresses.
var marks [argKinds]byte

func (a arg) kind() argKind {
	mark := uintptr(a.text) - uintptr(unsafe.Pointer(&marks))
	switch {
	case mark < uintptr(argKinds):
		return argKind(mark)
	case a.n&ofBytes != 0:
		return argBytes
	}
	return argText
}

func textArg(s string) arg {
	if s == "" {
		return arg{unsafe.Pointer(&marks[argText]), 0} // not the same as none
	}
	return arg{unsafe.Pointer(unsafe.StringData(s)), uint64(len(s))}
}

func bytesArg(b []byte) arg {
	return arg{unsafe.Pointer(unsafe.SliceData(b)), uint64(len(b)) | ofBytes}
}

func numberArg(kind argKind, n uint64) arg { return arg{unsafe.Pointer(&marks[kind]), n} }
func intArg(n int64) arg                   { return numberArg(argInt, uint64(n)) }
func uintArg(n uint64) arg                 { return numberArg(argUint, n) }
func floatArg(f float64) arg               { return numberArg(argFloat, math.Float64bits(f)) }

// The text that servers have for the floating-point numbers that are none.
const (
	NaN  = "nan"
	Inf  = "inf"
	NInf = "-inf"
)

// makeArg converts a value as callers of go-redis know it: a time in RFC 3339
// with nanoseconds, a duration in nanoseconds, a boolean as 1 or 0, nil as the
// empty string, whatever implements [encoding.BinaryMarshaler] as its bytes, and
// pointers to these as what they point to, nil pointers as the zero value.
func makeArg(v any) (arg, error) {
	switch v := v.(type) {
	case string:
		return textArg(v), nil
	case []byte:
		return bytesArg(v), nil
	case int:
		return intArg(int64(v)), nil
	case int64:
		return intArg(v), nil
	case float64:
		return floatArg(v), nil
	case bool:
		a := numberArg(argBool, 0)
		if v {
			a.n = 1
		}
		return a, nil
	case nil:
		return textArg(""), nil
	}
	return makeRareArg(v)
}

func makeRareArg(v any) (arg, error) {
	switch v := v.(type) {
	case int8:
		return intArg(int64(v)), nil
	case int16:
		return intArg(int64(v)), nil
	case int32:
		return intArg(int64(v)), nil
	case uint:
		return uintArg(uint64(v)), nil
	case uint8:
		return uintArg(uint64(v)), nil
	case uint16:
		return uintArg(uint64(v)), nil
	case uint32:
		return uintArg(uint64(v)), nil
	case uint64:
		return uintArg(v), nil
	case float32:
		return floatArg(float64(v)), nil
	case time.Time:
		return textArg(v.Format(time.RFC3339Nano)), nil
	case time.Duration:
		return intArg(v.Nanoseconds()), nil
	case net.IP:
		return bytesArg(hscan.MarshalIP(v)), nil
	}
	if elem, ok := pointee(v); ok {
		return makeArg(elem)
	}
	if m, ok := v.(encoding.BinaryMarshaler); ok {
		b, err := hscan.Marshal(m)
		return bytesArg(b), err
	}
	return textArg(""), fmt.Errorf("cannot send a value of type %T (implement encoding.BinaryMarshaler)", v)
}

// pointee is what a pointer to a sendable type points to; of a nil pointer it is the
// zero value, as a struct's field that is one.
func pointee(v any) (any, bool) {
	switch p := v.(type) {
	case *string:
		return deref(p), true
	case *[]byte:
		return deref(p), true
	case *bool:
		return deref(p), true
	case *int:
		return deref(p), true
	case *int8:
		return deref(p), true
	case *int16:
		return deref(p), true
	case *int32:
		return deref(p), true
	case *int64:
		return deref(p), true
	case *uint:
		return deref(p), true
	case *uint8:
		return deref(p), true
	case *uint16:
		return deref(p), true
	case *uint32:
		return deref(p), true
	case *uint64:
		return deref(p), true
	case *float32:
		return deref(p), true
	case *float64:
		return deref(p), true
	case *time.Duration:
		return deref(p), true
	case *time.Time:
		return deref(p), true
	}
	return nil, false
}

func deref[T any](p *T) any {
	if p == nil {
		p = new(T)
	}
	return *p
}

// size is the length of a text; numbers have none.
func (a arg) size() int {
	if k := a.kind(); k == argText || k == argBytes {
		return int(a.n &^ ofBytes)
	}
	return 0
}

// str gives the argument's text, as the server will see it.
func (a arg) str() string {
	switch a.kind() {
	case argText, argBytes:
		return unsafe.String((*byte)(a.text), int(a.n&^ofBytes))
	case argFloat:
		return strconv.FormatFloat(math.Float64frombits(a.n), 'f', -1, 64)
	case argUint, argBool:
		return strconv.FormatUint(a.n, 10)
	}
	return strconv.FormatInt(int64(a.n), 10)
}

// value gives the argument back as Go knows it.
func (a arg) value() any {
	switch a.kind() {
	case argBytes:
		return unsafe.Slice((*byte)(a.text), int(a.n&^ofBytes))
	case argInt:
		return int64(a.n)
	case argUint:
		return a.n
	case argFloat:
		return math.Float64frombits(a.n)
	case argBool:
		return a.n == 1
	}
	return a.str()
}

// append encodes the argument for the wire.
func (a arg) append(b []byte) []byte {
	switch a.kind() {
	case argInt:
		return resp.AppendInt(b, int64(a.n))
	case argUint, argBool:
		return resp.AppendUint(b, a.n)
	case argFloat:
		return resp.AppendFloat(b, math.Float64frombits(a.n))
	}
	return resp.AppendString(b, a.str())
}

// The name and the arguments of a command, of which there are two forms. The
// short one is for a name that the table has, and few arguments: the table's
// entry stands for the name. In the long form rare.list has all of them, the name
// first.

// isListed reports whether the command has the long form.
func (c *baseCmd) isListed() bool { return c.rare != nil && c.rare.list != nil }

// few is how many arguments there are after the name in the short form.
func (c *baseCmd) few() int {
	n := 0
	for n < len(c.short) && c.short[n] != (arg{}) {
		n++
	}
	return n
}

// argCount counts the name and the arguments.
func (c *baseCmd) argCount() int {
	switch {
	case c.isListed():
		return len(c.rare.list)
	case c.info == nil:
		return 0
	}
	return 1 + c.few()
}

// arg is the name or an argument; the name is at 0.
func (c *baseCmd) arg(i int) arg {
	switch {
	case c.isListed():
		return c.rare.list[i]
	case i == 0:
		return textArg(c.info.Name)
	}
	return c.short[i-1]
}

// argText is the text of the name or an argument.
func (c *baseCmd) argText(i int) string { return c.arg(i).str() }

// setArg replaces an argument.
func (c *baseCmd) setArg(i int, a arg) {
	if c.isListed() {
		c.rare.list[i] = a
		return
	}
	c.short[i-1] = a
}

// addArg adds the name, or another argument.
func (c *baseCmd) addArg(a arg) {
	if !c.isListed() {
		if c.info == nil && c.named(a) {
			return
		}
		if n := c.few(); c.info != nil && n < len(c.short) {
			c.short[n] = a
			return
		}
		c.lengthen(len(c.short))
	}
	c.rare.list = append(c.rare.list, a)
}

// named sets the name if the table has just that, and no sub-commands of it.
func (c *baseCmd) named(a arg) bool {
	if a.kind() != argText {
		return false
	}
	info := cmdinfo.Lookup(a.str())
	if info == nil || info.Name != a.str() || info.IsContainer() {
		return false
	}
	c.info = info
	return true
}

// growArgs makes room for n more.
func (c *baseCmd) growArgs(n int) {
	if c.isListed() {
		c.rare.list = slices.Grow(c.rare.list, n)
		return
	}
	room := len(c.short) - c.few()
	if c.info == nil {
		room++ // for the name
	}
	if n > room {
		c.lengthen(n)
	}
}

// lengthen gives the command the long form, with room for n more.
func (c *baseCmd) lengthen(n int) {
	// SET with an expiration and a condition, and others with as many, take one
	// piece of memory for all of it.
	const several = 6
	var list []arg
	of := c.rare
	if total := c.argCount() + n; of == nil && total <= several {
		var room struct {
			rare
			args [several]arg
		}
		of, list = &room.rare, room.args[:0]
	} else {
		of, list = c.own(), make([]arg, 0, total)
	}
	for i := range c.argCount() {
		list = append(list, c.arg(i))
	}
	c.rare, of.list = of, list
}

// takeArgs gives the command the arguments of another.
func (c *baseCmd) takeArgs(of *baseCmd) {
	c.info, c.short = of.info, of.short
	if of.isListed() {
		c.own().list = slices.Clone(of.rare.list)
	}
}

// keys adds the number of keys, which some commands want first, and the keys.
func (c *baseCmd) keys(list []string) *baseCmd {
	return c.int(int64(len(list))).strs(list...)
}

// flag adds an option that is one word.
func (c *baseCmd) flag(set bool, word string) *baseCmd {
	if set {
		c.str(word)
	}
	return c
}

// list adds values of any type. A single one may itself be a list of arguments:
// a []string, []any or map, or a struct with redis tags. A single nil adds
// nothing.
func (c *baseCmd) list(values []any) *baseCmd {
	if len(values) != 1 {
		return c.vals(values...)
	}
	v := values[0]
	if v == nil {
		return c
	}
	if a, err := makeArg(v); err == nil {
		c.addArg(a)
		return c
	}
	flat, err := hscan.Args(nil, v)
	if err != nil {
		c.reject(fmt.Errorf("redis: %s: argument %d: %w", c.Name(), c.argCount(), err))
	}
	return c.vals(flat...)
}

// pairs is list for names and values in turn.
func (c *baseCmd) pairs(values []any) *baseCmd {
	first := c.argCount()
	c.list(values)
	if n := c.argCount() - first; n%2 != 0 && !c.isInvalid() {
		c.rejectOdd(n)
	}
	return c
}

func (c *baseCmd) rejectOdd(n int) {
	c.reject(fmt.Errorf("redis: %s: %d values are not pairs of a name and a value", c.Name(), n))
}

// rejectNil is for options that a command cannot do without.
func (c *baseCmd) rejectNil(what string) {
	c.reject(fmt.Errorf("redis: %s: the %s is nil", c.Name(), what))
}

// scanOptions adds what all SCAN commands have.
func (c *baseCmd) scanOptions(match string, count int64) *baseCmd {
	if match != "" {
		c.strs("match", match)
	}
	if count > 0 {
		c.str("count").int(count)
	}
	return c
}

// timeout adds the time that a blocking command may wait on the server, in
// seconds with a fraction if need be; 0 has no end. The server counts
// milliseconds, so that less than one would become 0.
func (c *baseCmd) timeout(d time.Duration) *baseCmd {
	c.own().blocks = d
	switch {
	case d < 0:
		c.reject(fmt.Errorf("redis: %s: the timeout %v is negative", c.Name(), d))
	case d%time.Second != 0:
		return c.float(max(d, time.Millisecond).Seconds())
	}
	return c.int(int64(d / time.Second))
}

// KeepTTL in place of an expiration leaves the one that the key has.
const KeepTTL = -1

// ExpirationMode tells what an [ExpirationOption] does, and the unit of its
// value.
type ExpirationMode string

const (
	// EX lets keys expire after a number of seconds.
	EX ExpirationMode = "EX"
	// PX lets keys expire after a number of milliseconds.
	PX ExpirationMode = "PX"
	// EXAT lets keys expire at a Unix time in seconds.
	EXAT ExpirationMode = "EXAT"
	// PXAT lets keys expire at a Unix time in milliseconds.
	PXAT ExpirationMode = "PXAT"
	// KEEPTTL leaves the expiration of keys as it is. It takes no value.
	KEEPTTL ExpirationMode = "KEEPTTL"
	// PERSIST lets keys expire no more. It takes no value.
	PERSIST ExpirationMode = "PERSIST"
)

// ExpirationOption says when keys expire.
type ExpirationOption struct {
	// Mode is needed; the empty one is refused.
	Mode ExpirationMode
	// Value is in the unit that Mode tells.
	Value int64
}

// seconds adds a time in whole seconds; less than one, but more than none,
// counts as one.
func (c *baseCmd) seconds(d time.Duration) *baseCmd {
	if 0 < d && d < time.Second {
		d = time.Second
	}
	return c.int(int64(d / time.Second))
}

// millis is seconds with milliseconds.
func (c *baseCmd) millis(d time.Duration) *baseCmd {
	if 0 < d && d < time.Millisecond {
		d = time.Millisecond
	}
	return c.int(int64(d / time.Millisecond))
}

// expiresIn adds the option for a key that expires after that time, as coarse
// as can be; none for 0, which is never, nor for what is negative.
func (c *baseCmd) expiresIn(d time.Duration) *baseCmd {
	switch {
	case d == KeepTTL:
		c.str("keepttl")
	case d < 0:
	case d%time.Second != 0:
		c.str("px").millis(d)
	case d > 0:
		c.str("ex").seconds(d)
	}
	return c
}

// expiresAt adds the option for a key that expires then.
func (c *baseCmd) expiresAt(t time.Time) *baseCmd {
	if t.Nanosecond() >= int(time.Millisecond) {
		return c.str("pxat").int(t.UnixMilli())
	}
	return c.str("exat").int(t.Unix())
}

// expires adds what o says; nothing when it is nil.
func (c *baseCmd) expires(o *ExpirationOption) *baseCmd {
	if o == nil {
		return c
	}
	switch o.Mode {
	case EX, PX, EXAT, PXAT:
		c.str(strings.ToLower(string(o.Mode))).int(o.Value)
	case KEEPTTL, PERSIST:
		c.str(strings.ToLower(string(o.Mode)))
	default:
		c.reject(fmt.Errorf("redis: %s: there is no expiration mode %q", c.Name(), o.Mode))
	}
	return c
}
