package redis

import "strings"

// slotCount is the number of hash slots in every cluster.
const slotCount = 16384

// crc16Polynomial is that of CRC-16/XMODEM: most significant bit first,
// nothing inverted, starting from zero.
const crc16Polynomial = 0x1021

// crc16Tables[z][b] is the checksum of byte b followed by z zero bytes. The
// checksum is linear, so that of several bytes is the exclusive or of look-ups
// that do not wait for one another.
var crc16Tables = makeCRC16Tables()

func makeCRC16Tables() (tables [8][256]uint16) {
	for b := range tables[0] {
		crc := uint16(b) << 8
		for range 8 {
			carry := crc&0x8000 != 0
			crc <<= 1
			if carry {
				crc ^= crc16Polynomial
			}
		}
		tables[0][b] = crc
	}
	for z := 1; z < len(tables); z++ {
		for b, crc := range tables[z-1] {
			tables[z][b] = crc<<8 ^ tables[0][crc>>8]
		}
	}
	return tables
}

// keySlot returns the hash slot of a key: the checksum of its hash tag, or of
// the whole key when it has none.
func keySlot(key string) int {
	return int(crc16(hashTag(key)) % slotCount)
}

// hashTag returns what lies between the first '{' and the first '}' after it,
// or the whole key if that is nothing or if there is no such pair.
func hashTag(key string) string {
	open := strings.IndexByte(key, '{')
	if open < 0 {
		return key
	}
	rest := key[open+1:]
	if length := strings.IndexByte(rest, '}'); length > 0 {
		return rest[:length]
	}
	return key
}

// crc16 goes by eight bytes, then four, then one. BenchmarkCRC16 shows what
// that is worth: about twice the speed of single bytes for a key of 16, three
// times for 64.
func crc16(s string) uint16 {
	t := &crc16Tables
	var crc uint16
	for len(s) >= 8 {
		crc = t[7][s[0]^byte(crc>>8)] ^ t[6][s[1]^byte(crc)] ^
			t[5][s[2]] ^ t[4][s[3]] ^ t[3][s[4]] ^ t[2][s[5]] ^ t[1][s[6]] ^ t[0][s[7]]
		s = s[8:]
	}
	if len(s) >= 4 {
		crc = t[3][s[0]^byte(crc>>8)] ^ t[2][s[1]^byte(crc)] ^ t[1][s[2]] ^ t[0][s[3]]
		s = s[4:]
	}
	for i := range len(s) {
		crc = crc<<8 ^ t[0][byte(crc>>8)^s[i]]
	}
	return crc
}
