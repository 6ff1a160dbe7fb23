package clustertest

import "strings"

const slotCount = 16384

// Slot returns the slot of key, 0 to 16383, as CLUSTER KEYSLOT does: the CRC16
// of the key, or of its hash tag if it has one.
func Slot(key string) int {
	if open := strings.IndexByte(key, '{'); open >= 0 {
		if length := strings.IndexByte(key[open+1:], '}'); length > 0 {
			key = key[open+1 : open+1+length]
		}
	}
	return int(crc16(key)) % slotCount
}

var crcTable = makeCRCTable()

// makeCRCTable tabulates CRC16/XMODEM: polynomial 0x1021, most significant bit
// first.
func makeCRCTable() (table [256]uint16) {
	for i := range table {
		crc := uint16(i) << 8
		for range 8 {
			carry := crc&0x8000 != 0
			crc <<= 1
			if carry {
				crc ^= 0x1021
			}
		}
		table[i] = crc
	}
	return table
}

func crc16(s string) (crc uint16) {
	for i := range len(s) {
		crc = crc<<8 ^ crcTable[byte(crc>>8)^s[i]]
	}
	return crc
}
