package hscan

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
)

// Struct is a struct whose fields can be set by the names in their tags. Its
// zero value has no fields.
type Struct struct {
	value reflect.Value
	plan  *plan
}

// plan is what is known about a struct type: its fields with a tag, those of
// embedded structs included, in the order in which they are declared.
type plan struct {
	fields []*field
	byName map[string]*field
}

type field struct {
	name      string // from the tag
	path      string // as Go code would write it, with the type first
	typ       reflect.Type
	index     []int
	omitEmpty bool
	exported  bool
	decode    decoder // nil when the type cannot be read
	encode    encoder // nil when the type cannot be sent
}

var (
	errNotExported = errors.New("the field is not exported")
	errNoWay       = errors.New("an embedded pointer on the way to it is nil and not exported")
)

var plans sync.Map // reflect.Type → *plan

// Fields prepares the struct that dst points to for Scan.
//
// A field takes part when it has a tag `redis:"name"`. The fields of embedded
// structs without a tag count as the outer struct's own, except that the outer
// one's win where names are the same; an embedded pointer that is nil is set
// when one of its fields is.
func Fields(dst any) (Struct, error) {
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return Struct{}, fmt.Errorf("redis: cannot scan fields into %s: want a pointer to a struct", describe(dst))
	}
	v = v.Elem()
	return Struct{v, planOf(v.Type())}, nil
}

// Scan sets the field of that name from value. A name that no field has is
// ignored. A pointer that is nil is set to a new value, also from an empty
// text. The field's type, or a pointer to it, may implement [Scanner],
// [encoding.TextUnmarshaler] or [encoding.BinaryUnmarshaler], in this order of
// preference.
func (s Struct) Scan(name, value string) error {
	if s.plan == nil {
		return nil
	}
	f := s.plan.byName[name]
	if f == nil {
		return nil
	}
	if err := f.scan(s.value, value); err != nil {
		return fmt.Errorf("redis: cannot scan %s into field %s of type %s: %w", shown(value), f.path, f.typ, withoutValue(err, value))
	}
	return nil
}

func (f *field) scan(v reflect.Value, value string) error {
	if !f.exported {
		return errNotExported
	}
	if f.decode == nil {
		return errUnsupported
	}
	dst, err := f.reach(v)
	if err != nil {
		return err
	}
	return f.decode(dst, value)
}

// reach finds the field in v and makes the embedded structs on the way to it.
func (f *field) reach(v reflect.Value) (reflect.Value, error) {
	for i, n := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if !v.CanSet() {
					return v, errNoWay
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(n)
	}
	return v, nil
}

// find is reach for reading: it reports false when the field is in an embedded
// pointer that is nil.
func (f *field) find(v reflect.Value) (reflect.Value, bool) {
	for i, n := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		}
		v = v.Field(n)
	}
	return v, true
}

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	p := &plan{byName: map[string]*field{}}
	p.add(t, t.String(), nil, nil)
	plans.Store(t, p)
	return p
}

// add collects the fields of t, which is embedded in the types within.
func (p *plan) add(t reflect.Type, path string, index []int, within []reflect.Type) {
	for _, outer := range within {
		if outer == t {
			return // it embeds a pointer to itself
		}
	}
	within = append(within, t)
	for i := range t.NumField() {
		sf := t.Field(i)
		tag, hasTag := sf.Tag.Lookup("redis")
		name, options, _ := strings.Cut(tag, ",")
		at := append(append([]int(nil), index...), i)
		switch {
		case name == "-":
		case name != "":
			p.addField(&field{
				name:      name,
				path:      path + "." + sf.Name,
				typ:       sf.Type,
				index:     at,
				omitEmpty: hasOption(options, "omitempty"),
				exported:  sf.IsExported(),
				decode:    decoderOf(sf.Type),
				encode:    newEncoder(sf.Type, 0),
			})
		case sf.Anonymous && !hasTag:
			inner := sf.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct {
				p.add(inner, path+"."+sf.Name, at, within)
			}
		}
	}
}

// addField lets the field that is embedded least deeply have the name, and of
// equals the later one.
func (p *plan) addField(f *field) {
	old := p.byName[f.name]
	if old != nil && len(old.index) < len(f.index) {
		return
	}
	p.byName[f.name] = f
	for i, other := range p.fields {
		if other == old {
			p.fields = append(p.fields[:i], p.fields[i+1:]...)
			break
		}
	}
	p.fields = append(p.fields, f)
}

func hasOption(options, want string) bool {
	for options != "" {
		var option string
		option, options, _ = strings.Cut(options, ",")
		if option == want {
			return true
		}
	}
	return false
}
