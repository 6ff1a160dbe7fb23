package resp

import (
	"bytes"
	"strings"
	"testing"
)

var value64 = strings.Repeat("v", 64)

func BenchmarkAppendGet(b *testing.B) {
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendArray(buf[:0], 2)
		buf = AppendString(buf, "get")
		buf = AppendString(buf, "key:000000001234")
	}
}

func BenchmarkAppendSet64(b *testing.B) {
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendArray(buf[:0], 3)
		buf = AppendString(buf, "set")
		buf = AppendString(buf, "key:000000001234")
		buf = AppendString(buf, value64)
	}
}

// BenchmarkFramer measures one reply, out of a buffer of 64.
func BenchmarkFramer(b *testing.B) {
	for _, bench := range []struct{ name, reply string }{
		{"bulk 64 B", "$64\r\n" + value64 + "\r\n"},
		{"status", "+OK\r\n"},
		{"integer", ":1234567\r\n"},
		{"null", "$-1\r\n"},
		{"array of two", "*2\r\n$64\r\n" + value64 + "\r\n$64\r\n" + value64 + "\r\n"},
	} {
		replies := bytes.Repeat([]byte(bench.reply), 64)
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(bench.reply)))
			var f Framer
			rest := replies
			for b.Loop() {
				n, err := f.Next(rest)
				if n == 0 || err != nil {
					b.Fatal(n, err)
				}
				if rest = rest[n:]; len(rest) == 0 {
					rest = replies
				}
			}
		})
	}
}

// BenchmarkFramerHash measures a whole reply to HGETALL.
func BenchmarkFramerHash(b *testing.B) {
	reply := hashReply(100)
	b.ReportAllocs()
	b.SetBytes(int64(len(reply)))
	var f Framer
	for b.Loop() {
		if n, err := f.Next(reply); n != len(reply) || err != nil {
			b.Fatal(n, err)
		}
	}
}

func BenchmarkDecodeString(b *testing.B) {
	reply := []byte("$64\r\n" + value64 + "\r\n")
	for _, bench := range []struct {
		name  string
		share bool
	}{{"shared", true}, {"copied", false}} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d := NewDecoder(reply, bench.share)
				if s, err := d.String(); len(s) != 64 || err != nil {
					b.Fatal(s, err)
				}
			}
		})
	}
}

func BenchmarkDecodeStatus(b *testing.B) {
	reply := []byte("+OK\r\n")
	b.ReportAllocs()
	for b.Loop() {
		d := NewDecoder(reply, true)
		if s, err := d.String(); len(s) != 2 || err != nil {
			b.Fatal(s, err)
		}
	}
}

func BenchmarkDecodeInt(b *testing.B) {
	reply := []byte(":1234567\r\n")
	b.ReportAllocs()
	for b.Loop() {
		d := NewDecoder(reply, true)
		if n, err := d.Int(); n != 1234567 || err != nil {
			b.Fatal(n, err)
		}
	}
}

// BenchmarkDecodeHash measures HGETALL of 100 fields, into no map.
func BenchmarkDecodeHash(b *testing.B) {
	reply := hashReply(100)
	b.ReportAllocs()
	b.SetBytes(int64(len(reply)))
	for b.Loop() {
		d := NewDecoder(reply, true)
		n, err := d.Pairs()
		if n != 100 || err != nil {
			b.Fatal(n, err)
		}
		for range 2 * n {
			if _, err := d.String(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// hashReply is a reply to HGETALL in RESP3.
func hashReply(fields int) []byte {
	b := appendHeader(nil, '%', int64(fields))
	for i := range fields {
		b = AppendString(b, "field:"+string(rune('a'+i%26)))
		b = AppendString(b, value64)
	}
	return b
}
