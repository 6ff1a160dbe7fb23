package redis

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// naiveCRC16 divides bit by bit, as the definition says, and shares nothing
// with the tables under test.
func naiveCRC16(data []byte) uint16 {
	var crc uint16
	for _, b := range data {
		for bit := 7; bit >= 0; bit-- {
			in := uint16(b>>bit) & 1
			out := crc >> 15
			crc <<= 1
			if in^out == 1 {
				crc ^= 0x1021
			}
		}
	}
	return crc
}

// naiveKeySlot states the hash tag rule as a walk over the bytes.
func naiveKeySlot(key []byte) int {
	part := key
	start := -1
	for i, c := range key {
		if start < 0 {
			if c == '{' {
				start = i + 1
			}
			continue
		}
		if c == '}' {
			if i > start {
				part = key[start:i]
			}
			break
		}
	}
	return int(naiveCRC16(part)) & 0x3FFF
}

func TestCRC16Vectors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		want uint16
	}{
		{"", 0},
		{"123456789", 0x31C3},
		{"A", 0x58E5},
		{"\x00", 0},
		{"\x80", 0x9188},
		{"\xff\xff", 0x1D0F},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%q", tt.in), func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, crc16(tt.in))
		})
	}
}

// Every length around the steps of eight, four and one must agree.
func TestCRC16Lengths(t *testing.T) {
	t.Parallel()
	data := make([]byte, 67)
	for i := range data {
		data[i] = byte(i*151 + 43)
	}
	for from := range 3 {
		for to := from; to <= len(data); to++ {
			require.Equal(t, naiveCRC16(data[from:to]), crc16(string(data[from:to])), "bytes %d to %d", from, to)
		}
	}
}

func TestKeySlot(t *testing.T) {
	t.Parallel()
	// Slots as CLUSTER KEYSLOT of a Redis 7.0 server gives them.
	tests := []struct {
		key  string
		tag  string
		slot int
	}{
		{"", "", 0},
		{"123456789", "123456789", 12739},
		{"foo", "foo", 12182},
		{"bar", "bar", 5061},
		{"{user1000}.following", "user1000", 3443},
		{"{user1000}.followers", "user1000", 3443},
		{"foo{}{bar}", "foo{}{bar}", 8363},
		{"foo{{bar}}zap", "{bar", 4015},
		{"foo{bar}{zap}", "bar", 5061},
		{"{}", "{}", 15257},
		{"{", "{", 4092},
		{"}", "}", 12090},
		{"}{", "}{", 12793},
		{"foo}{bar}", "bar", 5061},
		{"foo{bar", "foo{bar", 15278},
		{"foo{bar}", "bar", 5061},
		{"{foo}", "foo", 12182},
	}
	for _, tt := range tests {
		t.Run(tt.key, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.tag, hashTag(tt.key))
			require.Equal(t, tt.slot, keySlot(tt.key))
		})
	}
}

func TestKeySlotDoesNotAllocate(t *testing.T) {
	key := "session:{8f14e45fceea167a}:cart"
	require.Zero(t, testing.AllocsPerRun(100, func() { keySlot(key) }))
}

func FuzzHashTag(f *testing.F) {
	for _, seed := range []string{
		"", "a", "123456789", "{", "}", "{}", "}{", "{a}", "a{b}c", "a{}b{c}",
		"foo{{bar}}zap", "foo{bar}{zap}", "\x00{\xff}\x80", strings.Repeat("long ", 20),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, key []byte) {
		slot := keySlot(string(key))
		require.Equal(t, naiveKeySlot(key), slot)
		require.Less(t, slot, slotCount)

		if len(key) > 0 && !bytes.ContainsRune(key, '}') {
			tagged := "prefix{" + string(key) + "}suffix"
			require.Equal(t, int(naiveCRC16(key))%slotCount, keySlot(tagged), "as a hash tag")
		}
	})
}

func BenchmarkKeySlot(b *testing.B) {
	keys := map[string]string{
		"10":        "user:12345",
		"16":        "session:8f14e45f",
		"36":        "cart:7c9e6679-7425-40de-944b-e07fc18",
		"64":        strings.Repeat("k", 64),
		"tag in 32": "order:{customer:48151623}:items4",
	}
	for name, key := range keys {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				keySlot(key)
			}
		})
	}
}

// BenchmarkCRC16 compares the steps of eight and four with single bytes.
func BenchmarkCRC16(b *testing.B) {
	single := func(s string) (crc uint16) {
		for i := range len(s) {
			crc = crc<<8 ^ crc16Tables[0][byte(crc>>8)^s[i]]
		}
		return crc
	}
	for _, n := range []int{4, 10, 16, 23, 64} {
		key := strings.Repeat("k", n)
		b.Run(fmt.Sprintf("%d/steps", n), func(b *testing.B) {
			for b.Loop() {
				crc16(key)
			}
		})
		b.Run(fmt.Sprintf("%d/single", n), func(b *testing.B) {
			for b.Loop() {
				single(key)
			}
		})
	}
}
