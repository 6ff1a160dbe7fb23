package resp

import "strconv"

// AppendArray appends the header of a request of n arguments.
func AppendArray(b []byte, n int) []byte {
	return appendHeader(b, '*', int64(n))
}

// AppendString appends one argument.
func AppendString(b []byte, s string) []byte {
	b = AppendBulk(b, len(s))
	b = append(b, s...)
	return append(b, '\r', '\n')
}

// AppendBulk appends the header of an argument of n bytes. The bytes and a
// line end must follow.
func AppendBulk(b []byte, n int) []byte {
	return appendHeader(b, '$', int64(n))
}

// AppendInt appends an integer as an argument.
func AppendInt(b []byte, n int64) []byte {
	var digits [20]byte
	return appendText(b, strconv.AppendInt(digits[:0], n, 10))
}

// AppendUint appends an unsigned integer as an argument.
func AppendUint(b []byte, n uint64) []byte {
	var digits [20]byte
	return appendText(b, strconv.AppendUint(digits[:0], n, 10))
}

// AppendFloat appends a floating-point number as an argument, in the shortest
// form that reads back as the same number.
func AppendFloat(b []byte, f float64) []byte {
	var digits [32]byte
	return appendText(b, strconv.AppendFloat(digits[:0], f, 'f', -1, 64))
}

func appendText(b, text []byte) []byte {
	b = AppendBulk(b, len(text))
	b = append(b, text...)
	return append(b, '\r', '\n')
}

func appendHeader(b []byte, kind byte, n int64) []byte {
	switch { // most are short: one append each
	case 0 <= n && n < 10:
		return append(b, kind, byte('0'+n), '\r', '\n')
	case 10 <= n && n < 100:
		return append(b, kind, byte('0'+n/10), byte('0'+n%10), '\r', '\n')
	}
	b = append(b, kind)
	b = strconv.AppendInt(b, n, 10)
	return append(b, '\r', '\n')
}
