package clustertest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What a server replies of a field in HEXPIRE and its like.
const (
	noSuchField  = -2
	noExpiration = -1
	notChanged   = 0
	changed      = 1
	deleted      = 2
)

// parseFields reads FIELDS count field…, which has to be all of args.
func parseFields(args []string) ([]string, error) {
	if len(args) < 2 || !strings.EqualFold(args[0], "FIELDS") {
		return nil, errors.New("ERR Mandatory argument FIELDS is missing or not at the right position")
	}
	n, err := strconv.Atoi(args[1])
	if err != nil || n < 1 {
		return nil, errors.New("ERR Number of fields must be a positive integer")
	}
	if n != len(args)-2 {
		return nil, errors.New("ERR The `numfields` parameter must match the number of arguments")
	}
	return args[2:], nil
}

// each replies to every field of a hash in turn. A key that does not exist is a
// hash without fields.
func (s *step) each(key string, fields []string, reply func(field, value string, exists bool) (any, error)) (any, error) {
	if kind, err := s.typeOf(key); err != nil {
		return nil, err
	} else if kind != "none" && kind != "hash" {
		return nil, errWrongType
	}
	replies := []any{}
	for _, field := range fields {
		value, exists, err := s.text("HGET", key, field)
		if err != nil {
			return nil, err
		}
		item, err := reply(field, value, exists)
		if err != nil {
			return nil, err
		}
		replies = append(replies, item)
	}
	return replies, nil
}

// now is the time that miniredis has, in milliseconds.
func (s *step) now() (int, error) {
	parts, err := s.list("TIME")
	if err != nil || len(parts) != 2 {
		return 0, err
	}
	seconds, errSeconds := strconv.Atoi(parts[0])
	micros, errMicros := strconv.Atoi(parts[1])
	return seconds*1000 + micros/1000, errors.Join(errSeconds, errMicros)
}

// millisLeft turns a time to live, or a time, into milliseconds from now.
func (s *step) millisLeft(n int, seconds, absolute bool) (int, error) {
	if seconds {
		n *= 1000
	}
	if !absolute {
		return n, nil
	}
	now, err := s.now()
	return n - now, err
}

// ttl returns the milliseconds that a field has to live, noExpiration if it lives
// for ever.
func (s *step) ttl(key, field string) (int, error) {
	reply, err := s.do("HPTTL", key, "FIELDS", "1", field)
	if list, _ := reply.([]any); len(list) == 1 {
		if left, ok := list[0].(int); ok {
			return left, err
		}
	}
	return noExpiration, err
}

// expire gives a field a time to live, or deletes it if that is over.
func (s *step) expire(key, field, value string, left int) (any, error) {
	if left <= 0 {
		_, err := s.do("HDEL", key, field)
		return deleted, err
	}
	_, err := s.do("HSETEX", key, "PX", strconv.Itoa(left), "FIELDS", "1", field, value)
	return changed, err
}

// maxExpiration is the last time that a server accepts for a field, in
// milliseconds.
const maxExpiration = 1<<46 - 1

// hashExpire is HEXPIRE, HPEXPIRE, HEXPIREAT and HPEXPIREAT.
func hashExpire(s *step, args []string) (any, error) {
	name := strings.ToUpper(args[0])
	n, err := integer(args[2])
	if err != nil {
		return nil, err
	}
	if n < 0 {
		return nil, errors.New("ERR invalid expire time, must be >= 0")
	}
	if int64(n) > maxExpiration {
		return nil, fmt.Errorf("ERR invalid expire time in '%s' command", strings.ToLower(name))
	}
	condition, rest := strings.ToUpper(args[3]), args[4:]
	if !slices.Contains([]string{"NX", "XX", "GT", "LT"}, condition) {
		condition, rest = "", args[3:]
	}
	fields, err := parseFields(rest)
	if err != nil {
		return nil, err
	}
	left, err := s.millisLeft(n, !strings.HasPrefix(name, "HP"), strings.HasSuffix(name, "AT"))
	if err != nil {
		return nil, err
	}
	return s.each(args[1], fields, func(field, value string, exists bool) (any, error) {
		if !exists {
			return noSuchField, nil
		}
		old, err := s.ttl(args[1], field)
		if err != nil {
			return nil, err
		}
		if !mayExpire(condition, old, left) {
			return notChanged, nil
		}
		return s.expire(args[1], field, value, left)
	})
}

// mayExpire applies the condition of HEXPIRE. What lives for ever counts as the
// longest time.
func mayExpire(condition string, old, left int) bool {
	switch condition {
	case "NX":
		return old == noExpiration
	case "XX":
		return old != noExpiration
	case "GT":
		return old != noExpiration && left > old
	case "LT":
		return old == noExpiration || left < old
	}
	return true
}

// hashExpireTime is HEXPIRETIME and HPEXPIRETIME.
func hashExpireTime(s *step, args []string) (any, error) {
	fields, err := parseFields(args[2:])
	if err != nil {
		return nil, err
	}
	now, err := s.now()
	if err != nil {
		return nil, err
	}
	return s.each(args[1], fields, func(field, _ string, exists bool) (any, error) {
		if !exists {
			return noSuchField, nil
		}
		left, err := s.ttl(args[1], field)
		if err != nil || left == noExpiration {
			return noExpiration, err
		}
		if strings.EqualFold(args[0], "HPEXPIRETIME") {
			return now + left, nil
		}
		return int((time.Duration(now+left)*time.Millisecond + time.Second/2) / time.Second), nil
	})
}

// hashGetDel is HGETDEL.
func hashGetDel(s *step, args []string) (any, error) {
	fields, err := parseFields(args[2:])
	if err != nil {
		return nil, err
	}
	return s.each(args[1], fields, func(field, value string, exists bool) (any, error) {
		if !exists {
			return nil, nil
		}
		_, err := s.do("HDEL", args[1], field)
		return value, err
	})
}

// hashGetEx is HGETEX.
func hashGetEx(s *step, args []string) (any, error) {
	option, rest := strings.ToUpper(args[2]), args[3:]
	left := 0
	switch option {
	case "EX", "PX", "EXAT", "PXAT":
		n, err := integer(rest[0])
		if err != nil {
			return nil, err
		}
		if n <= 0 || int64(n) > maxExpiration {
			return nil, errors.New("ERR invalid expire time in 'hgetex' command")
		}
		if left, err = s.millisLeft(n, option[0] == 'E', strings.HasSuffix(option, "AT")); err != nil {
			return nil, err
		}
		rest = rest[1:]
	case "PERSIST":
	default:
		option, rest = "", args[2:]
	}
	fields, err := parseFields(rest)
	if err != nil {
		return nil, err
	}
	return s.each(args[1], fields, func(field, value string, exists bool) (any, error) {
		var err error
		switch {
		case !exists:
			return nil, nil
		case option == "PERSIST":
			_, err = s.do("HPERSIST", args[1], "FIELDS", "1", field)
		case option != "":
			_, err = s.expire(args[1], field, value, left)
		}
		return value, err
	})
}
