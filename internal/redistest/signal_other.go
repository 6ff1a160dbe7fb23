//go:build !unix

package redistest

import "errors"

var errNoSignals = errors.New("redistest: this system cannot stop and resume a process")

func (p *process) pause() error  { return errNoSignals }
func (p *process) resume() error { return errNoSignals }
