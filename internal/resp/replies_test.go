package resp

import (
	"math"
	"math/big"
	"strings"
)

// replies are whole replies of every type, with what Decoder.Any makes of them.
var replies = []struct {
	name, wire string
	want       any
	err        error
}{
	{"status", "+OK\r\n", "OK", nil},
	{"other status", "+Background saving started\r\n", "Background saving started", nil},
	{"empty status", "+\r\n", "", nil},
	{"error", "-ERR no such key\r\n", nil, Error("ERR no such key")},
	{"empty error", "-\r\n", nil, Error("")},
	{"integer", ":1234\r\n", int64(1234), nil},
	{"negative integer", ":-7\r\n", int64(-7), nil},
	{"integer with a sign", ":+7\r\n", int64(7), nil},
	{"largest integer", ":9223372036854775807\r\n", int64(math.MaxInt64), nil},
	{"smallest integer", ":-9223372036854775808\r\n", int64(math.MinInt64), nil},
	{"bulk string", "$5\r\nhello\r\n", "hello", nil},
	{"bulk string that looks like RESP", "$9\r\n\r\n$5\r\n*2\x00\r\n", "\r\n$5\r\n*2\x00", nil},
	{"bulk string of a two-digit length", "$12\r\nhello, world\r\n", "hello, world", nil},
	{"empty bulk string", "$0\r\n\r\n", "", nil},
	{"length with leading zeros", "$005\r\nhello\r\n", "hello", nil},
	{"null bulk string", "$-1\r\n", nil, Nil},
	{"array", "*2\r\n$1\r\na\r\n:1\r\n", []any{"a", int64(1)}, nil},
	{"empty array", "*0\r\n", []any{}, nil},
	{"null array", "*-1\r\n", nil, Nil},
	{"nulls in an array", "*4\r\n$-1\r\n*-1\r\n_\r\n+x\r\n", []any{nil, nil, nil, "x"}, nil},
	{"errors in an array", "*3\r\n-ERR a\r\n!5\r\nERR b\r\n:1\r\n", []any{Error("ERR a"), Error("ERR b"), int64(1)}, nil},
	{"nested arrays", "*2\r\n*1\r\n*0\r\n*2\r\n:1\r\n*1\r\n:2\r\n",
		[]any{[]any{[]any{}}, []any{int64(1), []any{int64(2)}}}, nil},

	{"null", "_\r\n", nil, Nil},
	{"true", "#t\r\n", true, nil},
	{"false", "#f\r\n", false, nil},
	{"double", ",3.25\r\n", 3.25, nil},
	{"double without a fraction", ",10\r\n", 10.0, nil},
	{"double with an exponent", ",-1.5e+300\r\n", -1.5e300, nil},
	{"infinity", ",inf\r\n", math.Inf(1), nil},
	{"negative infinity", ",-inf\r\n", math.Inf(-1), nil},
	{"big number", "(3492890328409238509324850943850943825024385\r\n", bigNumber("3492890328409238509324850943850943825024385"), nil},
	{"negative big number", "(-18446744073709551616\r\n", bigNumber("-18446744073709551616"), nil},
	{"bulk error", "!10\r\nSYNTAX \r\n!\r\n", nil, Error("SYNTAX \r\n!")},
	{"verbatim string", "=15\r\ntxt:Some string\r\n", "Some string", nil},
	{"empty verbatim string", "=4\r\nmkd:\r\n", "", nil},
	{"map", "%2\r\n+a\r\n:1\r\n:2\r\n*1\r\n#t\r\n", map[any]any{"a": int64(1), int64(2): []any{true}}, nil},
	{"empty map", "%0\r\n", map[any]any{}, nil},
	{"set", "~2\r\n+a\r\n,0.5\r\n", []any{"a", 0.5}, nil},
	{"push", ">3\r\n+message\r\n+channel\r\n$2\r\nhi\r\n", []any{"message", "channel", "hi"}, nil},

	{"attribute", "|1\r\n+ttl\r\n:3600\r\n$1\r\na\r\n", "a", nil},
	{"empty attribute", "|0\r\n+a\r\n", "a", nil},
	{"attribute with aggregates", "|1\r\n*1\r\n+key\r\n%1\r\n+a\r\n,0.1\r\n*1\r\n:1\r\n", []any{int64(1)}, nil},
	{"attributes in an array", "*2\r\n|1\r\n+ttl\r\n:1\r\n+a\r\n|1\r\n+ttl\r\n:2\r\n*1\r\n|0\r\n+b\r\n", []any{"a", []any{"b"}}, nil},
	{"attribute on an attribute", "|1\r\n|1\r\n+a\r\n+b\r\n+c\r\n+d\r\n:1\r\n", int64(1), nil},
	{"several attributes", "|1\r\n+a\r\n+b\r\n|1\r\n+c\r\n+d\r\n:1\r\n", int64(1), nil},
	{"attribute on null", "|1\r\n+a\r\n+b\r\n_\r\n", nil, Nil},
	{"attribute on an error", "|1\r\n+a\r\n+b\r\n-ERR c\r\n", nil, Error("ERR c")},

	{"streamed string", "$?\r\n;4\r\nHell\r\n;6\r\no worl\r\n;1\r\nd\r\n;0\r\n", "Hello world", nil},
	{"empty streamed string", "$?\r\n;0\r\n", "", nil},
	{"streamed array", "*?\r\n:1\r\n$1\r\na\r\n.\r\n", []any{int64(1), "a"}, nil},
	{"empty streamed array", "*?\r\n.\r\n", []any{}, nil},
	{"streamed set", "~?\r\n+a\r\n+b\r\n.\r\n", []any{"a", "b"}, nil},
	{"streamed push", ">?\r\n+a\r\n.\r\n", []any{"a"}, nil},
	{"streamed map", "%?\r\n+a\r\n:1\r\n+b\r\n$?\r\n;1\r\nx\r\n;0\r\n.\r\n", map[any]any{"a": int64(1), "b": "x"}, nil},
	{"streams in a stream", "*?\r\n*?\r\n.\r\n*?\r\n:1\r\n*?\r\n:2\r\n.\r\n.\r\n:3\r\n.\r\n",
		[]any{[]any{}, []any{int64(1), []any{int64(2)}}, int64(3)}, nil},
	{"streams in an array", "*3\r\n*?\r\n:1\r\n.\r\n$?\r\n;1\r\na\r\n;0\r\n*?\r\n.\r\n",
		[]any{[]any{int64(1)}, "a", []any{}}, nil},
	{"array in a stream", "*?\r\n*2\r\n:1\r\n:2\r\n*0\r\n*-1\r\n.\r\n", []any{[]any{int64(1), int64(2)}, []any{}, nil}, nil},
	{"streamed attribute", "|?\r\n+a\r\n+b\r\n.\r\n:1\r\n", int64(1), nil},
	{"attributes in a stream", "*?\r\n|1\r\n+a\r\n+b\r\n:1\r\n|1\r\n+a\r\n+b\r\n.\r\n", []any{int64(1)}, nil},

	{"deepest", strings.Repeat("*1\r\n", MaxDepth) + "*0\r\n", nested(MaxDepth), nil},
	{"long status", "+" + strings.Repeat("x", MaxLine-3) + "\r\n", strings.Repeat("x", MaxLine-3), nil},
}

// garbage is what no server may send.
var garbage = []struct{ name, wire, message string }{
	{"no type", "hello\r\n", "begins with 'h'"},
	{"inline line end", "\r\n", `begins with '\r'`},
	{"length without a type", "000\r\n\r\n", "begins with '0'"},
	{"HTTP", "HTTP/1.1 400 Bad Request\r\n", "begins with 'H'"},
	{"no type inside", "*2\r\n:1\r\nx\r\n", "begins with 'x'"},
	{"line feed alone", "+OK\n", "carriage return"},
	{"line feed at once", "+\n", "carriage return"},
	{"line feed after a length", "$5\nhello\r\n", "carriage return"},
	{"no length", "$\r\nhello\r\n", "length"},
	{"no number", "$five\r\nhello\r\n", `"five"`},
	{"number and more", "$5x\r\nhello\r\n", `"5x"`},
	{"carriage return in a length", "*1\r1\r\n", `"1\r1"`},
	{"length with a sign", "$+5\r\nhello\r\n", `"+5"`},
	{"negative length", "$-2\r\n", `"-2"`},
	{"negative length of an array", "*-3\r\n", `"-3"`},
	{"null map", "%-1\r\n", `"-1"`},
	{"null bulk error", "!-1\r\n", `"-1"`},
	{"no fraction", "*1.5\r\n", `"1.5"`},
	{"string too large", "$536870913\r\n", "too large"},
	{"length of ten digits", "$1000000000\r\n", `"1000000000"`},
	{"length beyond 64 bits", "$99999999999999999999999999\r\n", `"9999`},
	{"array too large", "*268435457\r\n", "too large"},
	{"map too large", "%268435457\r\n", "too large"},
	{"length in binary", "$\xff\xfe" + strings.Repeat("\x80", 99) + "\r\n", `"\xff\xfe\x80`},
	{"string longer than announced", "$3\r\nhello\r\n", "longer"},
	{"string without line end", "$3\r\nabc+OK\r\n", "longer"},
	{"string with half a line end", "$3\r\nabc\r\r\n", "longer"},
	{"null with a payload", "_x\r\n", "null"},
	{"neither true nor false", "#x\r\n", "boolean"},
	{"boolean too long", "#true\r\n", "boolean"},
	{"empty boolean", "#\r\n", "boolean"},
	{"end of nothing", ".\r\n", "streamed"},
	{"end with a payload", "*?\r\n.x\r\n", "end"},
	{"part of nothing", ";1\r\na\r\n", "streamed"},
	{"last part of nothing", ";0\r\n", "streamed"},
	{"part in an array", "*1\r\n;1\r\na\r\n", "streamed"},
	{"part in a streamed array", "*?\r\n;1\r\na\r\n.\r\n", "streamed"},
	{"end in an array", "*1\r\n.\r\n", "streamed"},
	{"end of a streamed string", "$?\r\n.\r\n", "streamed"},
	{"string in a streamed string", "$?\r\n$1\r\na\r\n;0\r\n", "streamed"},
	{"status in a streamed string", "$?\r\n+a\r\n;0\r\n", "streamed"},
	{"attribute in a streamed string", "$?\r\n|1\r\n+a\r\n+b\r\n;0\r\n", "streamed"},
	{"streamed part", "$?\r\n;?\r\n", `"?"`},
	{"streamed bulk error", "!?\r\n", `"?"`},
	{"streamed verbatim string", "=?\r\n", `"?"`},
	{"odd streamed map", "%?\r\n+a\r\n.\r\n", "key without"},
	{"odd streamed attribute", "|?\r\n+a\r\n.\r\n+b\r\n", "key without"},
	{"too deep", strings.Repeat("*1\r\n", MaxDepth+1) + ":1\r\n", "deep"},
	{"attributes too deep", strings.Repeat("|1\r\n", MaxDepth+1), "deep"},
	{"streams too deep", strings.Repeat("*?\r\n", MaxDepth+1), "deep"},
	{"streamed string too deep", strings.Repeat("*1\r\n", MaxDepth) + "$?\r\n", "deep"},
	{"line without an end", "+" + strings.Repeat("x", MaxLine), "without an end"},
	{"line too long", "+" + strings.Repeat("x", MaxLine-2) + "\r\n", "without an end"},
	{"length without an end", "$" + strings.Repeat("1", MaxLine), "without an end"},
}

func bigNumber(s string) *big.Int {
	n, ok := new(big.Int).SetString(s, 10)
	if !ok {
		panic(s)
	}
	return n
}

// nested is an empty list in as many lists.
func nested(depth int) any {
	v := []any{}
	for range depth {
		v = []any{v}
	}
	return v
}
