package clustertest

import (
	"errors"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// lcs is LCS: the longest common subsequence of two strings.
func lcs(s *step, args []string) (any, error) {
	var onlyLen, idx, withLen bool
	minLen := 0
	for rest := args[3:]; len(rest) > 0; rest = rest[1:] {
		switch option := strings.ToUpper(rest[0]); {
		case option == "LEN":
			onlyLen = true
		case option == "IDX":
			idx = true
		case option == "WITHMATCHLEN":
			withLen = true
		case option == "MINMATCHLEN" && len(rest) > 1:
			var err error
			if minLen, err = integer(rest[1]); err != nil {
				return nil, err
			}
			rest = rest[1:]
		default:
			return nil, errSyntax
		}
	}
	if onlyLen && idx {
		return nil, replyText("ERR If you want both the length and indexes, please just use IDX.")
	}
	a, _, errA := s.text("GET", args[1])
	b, _, errB := s.text("GET", args[2])
	if errA != nil || errB != nil {
		return nil, errors.New("ERR The specified keys must contain string values")
	}
	common, ranges := longestCommon(a, b)
	switch {
	case idx:
		matches := []any{}
		for _, r := range ranges {
			if r.size < minLen {
				continue
			}
			match := []any{[]any{r.a, r.a + r.size - 1}, []any{r.b, r.b + r.size - 1}}
			if withLen {
				match = append(match, r.size)
			}
			matches = append(matches, match)
		}
		return replyFields{"matches", matches, "len", len(common)}, nil
	case onlyLen:
		return len(common), nil
	default:
		return common, nil
	}
}

// commonRange is a run of bytes that two strings have at positions a and b.
type commonRange struct{ a, b, size int }

// longestCommon returns the longest common subsequence, and the runs that it is
// made of, the last one first.
func longestCommon(a, b string) (string, []commonRange) {
	width := len(b) + 1
	lengths := make([]int32, (len(a)+1)*width) // of the first i bytes of a and j of b
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			if a[i-1] == b[j-1] {
				lengths[i*width+j] = lengths[(i-1)*width+j-1] + 1
			} else {
				lengths[i*width+j] = max(lengths[(i-1)*width+j], lengths[i*width+j-1])
			}
		}
	}
	var common []byte
	var ranges []commonRange
	for i, j := len(a), len(b); i > 0 && j > 0; {
		switch {
		case a[i-1] == b[j-1]:
			i, j = i-1, j-1
			common = append(common, a[i])
			if n := len(ranges); n > 0 && ranges[n-1].a == i+1 && ranges[n-1].b == j+1 {
				ranges[n-1] = commonRange{i, j, ranges[n-1].size + 1}
			} else {
				ranges = append(ranges, commonRange{i, j, 1})
			}
		case lengths[(i-1)*width+j] > lengths[i*width+j-1]:
			i--
		default:
			j--
		}
	}
	slices.Reverse(common)
	return string(common), ranges
}

// bitType is the type of a number in BITFIELD, such as u8 or i16.
type bitType struct {
	signed bool
	bits   int
}

func parseBitType(arg string) (bitType, error) {
	t := bitType{}
	var err error
	if arg != "" {
		t.signed = arg[0] == 'i'
		t.bits, err = strconv.Atoi(arg[1:])
	}
	limit := 63
	if t.signed {
		limit = 64
	}
	if err != nil || t.bits < 1 || t.bits > limit || !t.signed && arg[0] != 'u' {
		return t, replyText("ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.")
	}
	return t, nil
}

// bounds are the smallest and the largest number of the type.
func (t bitType) bounds() (low, high *big.Int) {
	one := big.NewInt(1)
	if !t.signed {
		return new(big.Int), new(big.Int).Sub(new(big.Int).Lsh(one, uint(t.bits)), one)
	}
	high = new(big.Int).Lsh(one, uint(t.bits-1))
	return new(big.Int).Neg(high), new(big.Int).Sub(high, one)
}

// fit brings n into the type, in the way of OVERFLOW. The result is false if it
// does not fit and OVERFLOW is FAIL.
func (t bitType) fit(n *big.Int, overflow string) (*big.Int, bool) {
	low, high := t.bounds()
	switch {
	case n.Cmp(low) >= 0 && n.Cmp(high) <= 0:
		return n, true
	case overflow == "FAIL":
		return nil, false
	case overflow == "SAT" && n.Cmp(low) < 0:
		return low, true
	case overflow == "SAT":
		return high, true
	}
	size := new(big.Int).Lsh(big.NewInt(1), uint(t.bits))
	n = new(big.Int).Mod(n, size) // never negative
	if n.Cmp(high) > 0 {
		n.Sub(n, size)
	}
	return n, true
}

func (t bitType) load(data []byte, offset int) *big.Int {
	var n uint64
	for i := offset; i < offset+t.bits; i++ {
		n <<= 1
		if i/8 < len(data) {
			n |= uint64(data[i/8]>>(7-i%8)) & 1
		}
	}
	fitted, _ := t.fit(new(big.Int).SetUint64(n), "WRAP")
	return fitted
}

func (t bitType) store(data []byte, offset int, n *big.Int) {
	raw := n.Uint64()
	if n.Sign() < 0 {
		raw = uint64(n.Int64())
	}
	for i := range t.bits {
		at := offset + t.bits - 1 - i
		mask := byte(1) << (7 - at%8)
		data[at/8] &^= mask
		if raw>>i&1 == 1 {
			data[at/8] |= mask
		}
	}
}

// bitOperation is one subcommand of BITFIELD.
type bitOperation struct {
	name, overflow string
	kind           bitType
	offset         int
	operand        *big.Int
}

// parseBitOffset reads an offset in bits, or with # in numbers of the type.
func parseBitOffset(arg string, t bitType) (int, error) {
	digits, counted := strings.CutPrefix(arg, "#")
	offset, err := strconv.Atoi(digits)
	if counted && offset < math.MaxInt32 {
		offset *= t.bits
	}
	if err != nil || offset < 0 || (offset+t.bits-1)/8 >= maxBulk {
		return 0, errors.New("ERR bit offset is not an integer or out of range")
	}
	return offset, nil
}

func parseBitfield(args []string) ([]bitOperation, error) {
	var operations []bitOperation
	overflow := "WRAP"
	for rest := args[2:]; len(rest) > 0; {
		op := bitOperation{name: strings.ToUpper(rest[0])}
		if op.name == "OVERFLOW" && len(rest) > 1 {
			overflow = strings.ToUpper(rest[1])
			if !slices.Contains([]string{"WRAP", "SAT", "FAIL"}, overflow) {
				return nil, errors.New("ERR Invalid OVERFLOW type specified")
			}
			rest = rest[2:]
			continue
		}
		used := map[string]int{"GET": 3, "SET": 4, "INCRBY": 4}[op.name]
		if used == 0 || len(rest) < used {
			return nil, errSyntax
		}
		op.overflow = overflow
		var err error
		if op.kind, err = parseBitType(rest[1]); err != nil {
			return nil, err
		}
		if op.offset, err = parseBitOffset(rest[2], op.kind); err != nil {
			return nil, err
		}
		if op.name != "GET" {
			operand, err := integer(rest[3])
			if err != nil {
				return nil, err
			}
			op.operand = big.NewInt(int64(operand))
			if strings.EqualFold(args[0], "BITFIELD_RO") {
				return nil, errors.New("ERR BITFIELD_RO only supports the GET subcommand")
			}
		}
		operations = append(operations, op)
		rest = rest[used:]
	}
	return operations, nil
}

// bitfield is BITFIELD and BITFIELD_RO.
func bitfield(s *step, args []string) (any, error) {
	operations, err := parseBitfield(args)
	if err != nil {
		return nil, err
	}
	value, _, err := s.text("GET", args[1])
	if err != nil {
		return nil, err
	}
	data, size := []byte(value), 0
	for _, op := range operations {
		if op.name != "GET" {
			size = max(size, (op.offset+op.kind.bits-1)/8+1)
		}
	}
	if size > len(data) {
		data = append(data, make([]byte, size-len(data))...)
	}
	replies := []any{}
	for _, op := range operations {
		replies = append(replies, op.run(data))
	}
	if size > 0 {
		_, err = s.do("SETRANGE", args[1], "0", string(data))
	}
	return replies, err
}

// run changes data, and returns the reply to the subcommand.
func (op bitOperation) run(data []byte) any {
	old := op.kind.load(data, op.offset)
	if op.name == "GET" {
		return int(old.Int64())
	}
	wanted := op.operand
	if op.name == "INCRBY" {
		wanted = new(big.Int).Add(old, op.operand)
	}
	fitted, ok := op.kind.fit(wanted, op.overflow)
	if !ok {
		return nil
	}
	op.kind.store(data, op.offset, fitted)
	if op.name == "SET" {
		return int(old.Int64())
	}
	return int(fitted.Int64())
}

// bitRange reads the range of BITCOUNT and BITPOS in the unit of its last
// argument, and returns it as bits of a string: from, and the one behind the
// last.
func bitRange(size int, start, end, unit string) (from, to int, err error) {
	from, errFrom := integer(start)
	to, errTo := integer(end)
	if errFrom != nil || errTo != nil {
		return 0, 0, errNotInteger
	}
	total, factor := size*8, 1
	switch strings.ToUpper(unit) {
	case "BIT":
	case "BYTE":
		total, factor = size, 8
	default:
		return 0, 0, errSyntax
	}
	if from < 0 {
		from = max(from+total, 0)
	}
	if to < 0 {
		to = max(to+total, 0)
	}
	to = min(to+1, total)
	return from * factor, to * factor, nil
}

func bitAt(data string, i int) int { return int(data[i/8]>>(7-i%8)) & 1 }

// bitCount is BITCOUNT, which may have a unit.
func bitCount(s *step, args []string) (any, error) {
	if len(args) != 5 {
		return s.do(args...)
	}
	data, _, err := s.text("GET", args[1])
	if err != nil {
		return nil, err
	}
	from, to, err := bitRange(len(data), args[2], args[3], args[4])
	count := 0
	for i := from; i < to; i++ {
		count += bitAt(data, i)
	}
	return count, err
}

// bitPosition is BITPOS, which may have a unit.
func bitPosition(s *step, args []string) (any, error) {
	if len(args) != 6 {
		return s.do(args...)
	}
	if args[2] != "0" && args[2] != "1" {
		return nil, replyText("ERR The bit argument must be 1 or 0.")
	}
	data, exists, err := s.text("GET", args[1])
	if err != nil {
		return nil, err
	}
	from, to, err := bitRange(len(data), args[3], args[4], args[5])
	if err != nil {
		return nil, err
	}
	if !exists && args[2] == "0" {
		return 0, nil
	}
	for i := from; i < to; i++ {
		if strconv.Itoa(bitAt(data, i)) == args[2] {
			return i, nil
		}
	}
	return -1, nil
}

// subString is SUBSTR, the old name of GETRANGE.
func subString(s *step, args []string) (any, error) {
	return s.do(append([]string{"GETRANGE"}, args[1:]...)...)
}
