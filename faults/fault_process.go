package main

import (
	"errors"
	"sync"
	"time"
)

// processFaults are what can happen to a server's process.
var processFaults = []fault{
	{
		name: "kill", what: "the primary is killed; later it is started again, as a replica",
		inject: kill, heal: restart, elects: true, hold: 3 * time.Second,
	},
	{
		name: "stop", what: "the primary is frozen (SIGSTOP); later it goes on, and believes to be primary",
		inject: freeze, heal: thaw, elects: true, hold: 3 * time.Second,
	},
	{
		name: "restart-all", what: "every node is killed and started again; the data is kept",
		inject: restartAll, spreads: true, hold: 6 * time.Second,
		config: map[string]string{"appendonly": "yes", "appendfsync": "no"},
	},
}

// kill has dials refused as well, as they are where no proxy stands before a
// server.
func kill(_ *testbed, victim *member) error {
	victim.Kill()
	victim.front.proxy.Stop()
	return nil
}

func restart(_ *testbed, victim *member) error {
	if err := victim.Restart(); err != nil {
		return err
	}
	if err := victim.announce(); err != nil {
		return err
	}
	return victim.front.proxy.Start()
}

func freeze(_ *testbed, victim *member) error { return victim.Stop() }
func thaw(_ *testbed, victim *member) error   { return victim.Resume() }

func restartAll(b *testbed, _ *member) error {
	for _, m := range b.members {
		if err := kill(b, m); err != nil {
			return err
		}
	}
	errs := make([]error, len(b.members))
	var wg sync.WaitGroup
	for i, m := range b.members {
		wg.Go(func() { errs[i] = restart(b, m) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
