package redistest

import (
	"errors"
	"fmt"
	"time"
)

// slotCount is how many hash slots a cluster shares out.
const slotCount = 16384

// Options says what servers to start. The zero value is a plain cluster of
// three shards without replicas.
type Options struct {
	// Shards is the number of primaries that share the slots evenly.
	// Zero means 3. A single server ignores it.
	Shards int

	// Replicas is the number of replicas of each primary. Zero means none.
	// A single server ignores it.
	Replicas int

	// TLS makes every port, the cluster bus included, speak TLS only. The
	// certificates are made at run time; see Cluster.TLSConfig.
	TLS bool

	// Password is required from every client when it is not empty, and the
	// replicas use it too. It is the password of the default user.
	Password string

	// Username, when it is not empty, is created on every node with all
	// rights and with Password as its password. It needs a Password.
	Username string

	// NodeTimeout is cluster-node-timeout: how long a node is silent before
	// the others suspect it. Zero means two seconds.
	NodeTimeout time.Duration

	// FullCoverage is cluster-require-full-coverage: whether one uncovered
	// slot takes the whole cluster down. Nil leaves the server's default, yes.
	FullCoverage *bool

	// Hostnames makes the nodes announce names (Node.Hostname) instead of
	// addresses. No resolver knows those names; Cluster.Dial does.
	Hostnames bool

	// Config holds further directives by name, each value written as it would
	// be in redis.conf. They win over what this package sets.
	Config map[string]string
}

func (o Options) withDefaults() (Options, error) {
	if o.Shards == 0 {
		o.Shards = 3
	}
	if o.NodeTimeout == 0 {
		o.NodeTimeout = 2 * time.Second
	}
	switch {
	case o.Shards < 1 || o.Shards > slotCount:
		return o, fmt.Errorf("redistest: cannot share %d slots among %d shards", slotCount, o.Shards)
	case o.Replicas < 0:
		return o, fmt.Errorf("redistest: %d replicas per shard", o.Replicas)
	case o.NodeTimeout < time.Millisecond:
		return o, fmt.Errorf("redistest: node timeout %v is below one millisecond", o.NodeTimeout)
	case o.Username != "" && o.Password == "":
		return o, errors.New("redistest: a Username needs a Password")
	}
	return o, nil
}
