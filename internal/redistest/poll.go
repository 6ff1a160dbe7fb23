package redistest

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// giveUp wraps an error that asking again will not mend.
type giveUp struct{ error }

// poll calls check until it returns nil or a giveUp, or until the context ends;
// the error then tells what was still amiss.
func poll(ctx context.Context, pause time.Duration, check func() error) error {
	t := time.NewTicker(pause)
	defer t.Stop()
	for {
		err := check()
		if err == nil {
			return nil
		}
		var final giveUp
		if errors.As(err, &final) {
			return final.error
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("redistest: %w; last: %w", context.Cause(ctx), err)
		case <-t.C:
		}
	}
}
