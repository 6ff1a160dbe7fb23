package main

import (
	"fmt"
	"strconv"
	"time"
)

// replicaFaults hit a replica: they matter to those who read from replicas.
var replicaFaults = []fault{
	{
		name: "replica-kill", what: "the replica is killed, and started again",
		inject: kill, heal: restart, replica: true, hold: 4 * time.Second,
	},
	{
		name: "replica-stop", what: "the replica is frozen (SIGSTOP)",
		inject: freeze, heal: thaw, replica: true, hold: 4 * time.Second,
	},
	{
		name: "replica-cut", what: "the replica is cut off from everybody",
		inject: cut, heal: mend, replica: true, hold: 4 * time.Second,
	},
	{
		name: "replica-black-hole", what: "clients can open connections to the replica, but no more",
		inject: blackHole, heal: fillHole, replica: true, hold: 4 * time.Second,
	},
	{
		name: "replica-loading", what: "the replica loads its data for three seconds and answers LOADING",
		inject: reload, replica: true, hold: 4 * time.Second,
		config: map[string]string{"loading-process-events-interval-bytes": "1024"},
	},
}

// reload has the replica load its data anew, slowly. DEBUG RELOAD does not return
// before it is done.
func reload(_ *testbed, victim *member) error {
	reply, err := victim.Do("DBSIZE")
	if err != nil {
		return err
	}
	keys, _ := reply.(int64)
	if keys == 0 {
		return fmt.Errorf("%s has nothing to load", victim.Addr())
	}
	perKey := (3 * time.Second).Microseconds() / keys
	if _, err := victim.Do("CONFIG", "SET", "key-load-delay", strconv.FormatInt(perKey, 10)); err != nil {
		return err
	}
	_, err = victim.Do("DEBUG", "RELOAD")
	return err
}
