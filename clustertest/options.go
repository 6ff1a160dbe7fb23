package clustertest

import "fmt"

// Endpoint says how the nodes name themselves in CLUSTER SLOTS and in
// redirects. It follows the server's setting cluster-preferred-endpoint-type.
type Endpoint int

const (
	// EndpointIP announces 127.0.0.1. It is the default.
	EndpointIP Endpoint = iota
	// EndpointHostname announces each node's host name, as Amazon ElastiCache
	// does with TLS.
	EndpointHostname
	// EndpointUnknown announces no host at all: NULL in CLUSTER SLOTS, an empty
	// host in redirects. The client has to use the host that it asked.
	EndpointUnknown
)

// Options describe the cluster to start. The zero value is three primaries
// without replicas, without TLS and without a password.
type Options struct {
	// Shards is the number of primaries; they share the 16,384 slots evenly.
	// Default 3, at most 1000.
	Shards int

	// Replicas is the number of replicas of each primary. Default 0.
	Replicas int

	// Password makes every connection authenticate (AUTH or HELLO … AUTH)
	// before anything else. Default none. See also Cluster.SetPasswords.
	Password string

	// Username is the user that Password belongs to. Default "default", the
	// user that AUTH with a password alone means.
	Username string

	// TLS makes all nodes speak TLS, with certificates made for this cluster.
	// Cluster.TLSConfig is the client's side of it. Default false.
	TLS bool

	// Endpoint chooses what the nodes announce. Default EndpointIP.
	Endpoint Endpoint

	// Hostname names node i, counted from 0 in the order of Cluster.Nodes.
	// Names that do not resolve can be dialled through Cluster.DialContext.
	// Default: "localhost" for all if TLS is on or Endpoint is
	// EndpointHostname, otherwise no names are announced.
	Hostname func(i int) string

	// RequireFullCoverage makes every node answer CLUSTERDOWN to commands with
	// keys while any slot has no owner or a stopped one, as servers do unless
	// cluster-require-full-coverage is turned off. Default false: only the
	// slots without an owner answer CLUSTERDOWN.
	RequireFullCoverage bool
}

// maxShards keeps a typing error from opening tens of thousands of ports.
const maxShards = 1000

func (o Options) withDefaults() (Options, error) {
	if o.Shards == 0 {
		o.Shards = 3
	}
	if o.Shards < 0 || o.Shards > maxShards {
		return o, fmt.Errorf("clustertest: Options.Shards is %d, want 1 to %d", o.Shards, maxShards)
	}
	if o.Replicas < 0 || o.Replicas > maxShards {
		return o, fmt.Errorf("clustertest: Options.Replicas is %d, want 0 to %d", o.Replicas, maxShards)
	}
	if o.Endpoint < EndpointIP || o.Endpoint > EndpointUnknown {
		return o, fmt.Errorf("clustertest: Options.Endpoint is %d, which is none of the defined values", o.Endpoint)
	}
	if o.Username != "" && o.Password == "" {
		return o, fmt.Errorf("clustertest: Options.Username without Options.Password")
	}
	if o.Username == "" {
		o.Username = "default"
	}
	if o.Hostname == nil {
		name := ""
		if o.TLS || o.Endpoint == EndpointHostname {
			name = "localhost"
		}
		o.Hostname = func(int) string { return name }
	}
	return o, nil
}
