package resp

import "testing"

// BenchmarkParallel encodes a command, and finds and decodes a reply, on every
// core at once. Run it with -cpu 1,2,4,8.
func BenchmarkParallel(b *testing.B) {
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			var buf []byte
			for pb.Next() {
				buf = AppendArray(buf[:0], 3)
				buf = AppendString(buf, "set")
				buf = AppendString(buf, "key:000000001234")
				buf = AppendString(buf, value64)
			}
		})
	})
	reply := []byte("$64\r\n" + value64 + "\r\n")
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			var f Framer
			for pb.Next() {
				n, err := f.Next(reply)
				if err != nil {
					b.Error(err)
					return
				}
				d := NewDecoder(reply[:n], true)
				if s, err := d.String(); len(s) != 64 || err != nil {
					b.Error(s, err)
					return
				}
			}
		})
	})
}
