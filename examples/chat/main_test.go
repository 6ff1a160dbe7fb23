package main

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun(t *testing.T) {
	t.Setenv("REDIS_ADDRS", "")
	require.NoError(t, run(t.Context()))
}

func TestCheck(t *testing.T) {
	all := make([]int, lines)
	for i := range all {
		all[i] = i
	}
	without := func(n int) []int { return append(append([]int(nil), all[:n]...), all[n+1:]...) }
	for _, test := range []struct {
		name   string
		heard  []int
		missed int
		err    string
	}{
		{"everything", all, 0, ""},
		{"all but one, while that was excused", without(10), 1, ""},
		{"all but one, before", without(9), 0, "ann missed line 9 of hall"},
		{"all but one, after", without(12), 0, "ann missed line 12 of hall"},
		{"all but the last", without(lines - 1), 0, "ann missed line 59 of hall"},
		{"one twice", append([]int{0}, all...), 0, "ann: line 0 of hall came after line 0"},
		{"one late", append(without(11), 11), 0, "ann: line 11 of hall came after line 59"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := &member{name: "ann", rooms: []string{"hall"}, heard: map[string][]int{"hall": test.heard}}
			missed, err := m.check(10, 12)
			if test.err != "" {
				require.EqualError(t, err, test.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.missed, missed)
		})
	}
}
