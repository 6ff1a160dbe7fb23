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
	var amiss error
	for {
		err := check()
		if err == nil {
			return nil
		}
		// What the end of the context interrupted says less than what was before.
		if amiss == nil || ctx.Err() == nil {
			amiss = err
		}
		var final giveUp
		if errors.As(err, &final) {
			return final.error
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("redistest: %w; last: %w", context.Cause(ctx), amiss)
		case <-t.C:
		}
	}
}
