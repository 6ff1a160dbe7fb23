package redis

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(suite{m}) }

// suite stops the shared clusters before goroutines are counted.
type suite struct{ *testing.M }

func (s suite) Run() int {
	defer stopSharedClusters()
	return s.M.Run()
}
