package redis

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSortedSetResultsOfFakes(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")

	members, err := NewZSliceCmdResult([]Z{{1, "a"}}, broken).Result()
	require.Equal(t, []Z{{1, "a"}}, members)
	require.Equal(t, broken, err)

	member, err := NewZWithKeyCmdResult(&ZWithKey{Z{1, "a"}, "z"}, nil).Result()
	require.Equal(t, &ZWithKey{Z{1, "a"}, "z"}, member)
	require.NoError(t, err)
}
