package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"
)

// UniversalClient is what [Client] and [ClusterClient] have in common, for
// programs that run against a cluster here and a single server there.
type UniversalClient interface {
	Cmdable
	AddHook(Hook)
	Watch(ctx context.Context, fn func(*Tx) error, keys ...string) error
	Do(ctx context.Context, args ...any) *Cmd
	Process(ctx context.Context, cmd Cmder) error
	Subscribe(ctx context.Context, channels ...string) *PubSub
	PSubscribe(ctx context.Context, channels ...string) *PubSub
	SSubscribe(ctx context.Context, channels ...string) *PubSub
	Close() error
	PoolStats() *PoolStats
}

var (
	_ UniversalClient = (*Client)(nil)
	_ UniversalClient = (*ClusterClient)(nil)
)

// UniversalOptions configures what [NewUniversalClient] makes. Unless said
// otherwise here, a field means what the field of that name means in [Options]
// and [ClusterOptions], with the same default, its zero value. Fields of
// ClusterOptions that are not here, such as FailoverTimeout, SuspectAfter,
// ClusterStateReloadInterval and DialerRetryBackoff, can be set on what Cluster
// gives, for [NewClusterClient].
type UniversalOptions struct {
	// Addrs are host:port addresses: of the server, or several of a cluster.
	// Default: localhost:6379.
	Addrs []string
	// IsClusterMode asks for a [ClusterClient] though there is one address only,
	// as there is of ElastiCache. Default false.
	IsClusterMode bool
	// MasterName is for servers that Sentinel watches over, which this library
	// does not support: if it is not empty, every call of the client returns an
	// error.
	MasterName string

	// ClientName is given to every connection with CLIENT SETNAME.
	ClientName string
	// DB is the number of the database; a cluster client disregards it.
	DB int

	// Dialer opens connections in place of the built-in one.
	Dialer func(ctx context.Context, network, addr string) (net.Conn, error)
	// OnConnect runs on every new connection.
	OnConnect func(ctx context.Context, cn *Conn) error
	// TLSConfig turns TLS on.
	TLSConfig *tls.Config

	// Protocol is the version of the protocol: 2 or 3.
	Protocol int
	// Username is the ACL user to authenticate as.
	Username string
	// Password authenticates each connection.
	Password string
	// CredentialsProvider is asked for user name and password at each dial.
	CredentialsProvider func() (username string, password string)
	// CredentialsProviderContext does the same with a context, and may fail.
	CredentialsProviderContext func(ctx context.Context) (username string, password string, err error)
	// DisableIdentity leaves out CLIENT SETINFO.
	DisableIdentity bool
	// DisableIndentity is an older name of DisableIdentity.
	DisableIndentity bool
	// UnstableResp3 has no effect.
	UnstableResp3 bool
	// IdentitySuffix is added to the library name that CLIENT SETINFO reports.
	IdentitySuffix string

	// MaxRetries is how many more times a command is tried.
	MaxRetries int
	// MinRetryBackoff is where the pause before another try starts from.
	MinRetryBackoff time.Duration
	// MaxRetryBackoff is the longest pause before another try.
	MaxRetryBackoff time.Duration
	// RetryWritesInDoubt sends a write again that may have run.
	RetryWritesInDoubt bool

	// DialTimeout bounds opening a connection.
	DialTimeout time.Duration
	// DialerRetries is how many failures in a row lengthen the pause between
	// dials.
	DialerRetries int
	// DialerRetryTimeout is the pause after the first failed dial.
	DialerRetryTimeout time.Duration
	// ReadTimeout is how long a command waits for its reply.
	ReadTimeout time.Duration
	// WriteTimeout is how long a write to a connection may block.
	WriteTimeout time.Duration
	// ContextTimeoutEnabled has no effect: contexts are always honoured.
	ContextTimeoutEnabled bool
	// ReadBufferSize is the size in bytes of a connection's buffer to read into.
	ReadBufferSize int
	// MaxReplySize is the size in bytes of the largest reply that is accepted.
	MaxReplySize int
	// WriteBufferSize has no effect.
	WriteBufferSize int

	// PoolFIFO hands out the connection that has been idle longest.
	PoolFIFO bool
	// PoolSize bounds the connections to a server.
	PoolSize int
	// MaxConcurrentDials bounds the dials to a server at the same time.
	MaxConcurrentDials int
	// PoolTimeout is how long a command waits for a connection for itself.
	PoolTimeout time.Duration
	// MinIdleConns is how many connections to a server are kept up.
	MinIdleConns int
	// MaxIdleConns is how many idle connections to a server are kept.
	MaxIdleConns int
	// MaxActiveConns lowers PoolSize to its value.
	MaxActiveConns int
	// ConnMaxIdleTime closes a connection that has been idle this long.
	ConnMaxIdleTime time.Duration
	// ConnMaxLifetime closes a connection of this age.
	ConnMaxLifetime time.Duration
	// ConnMaxLifetimeJitter varies ConnMaxLifetime at random.
	ConnMaxLifetimeJitter time.Duration

	// MaxRedirects is how many MOVED and ASK answers a command follows. Cluster
	// clients only.
	MaxRedirects int
	// ReadOnly lets replicas serve commands that only read. Cluster clients only.
	ReadOnly bool
	// RouteByLatency has the nearest node of a shard serve them. Cluster clients
	// only.
	RouteByLatency bool
	// RouteByLatencyTolerance is by how much others may be further away. Cluster
	// clients only.
	RouteByLatencyTolerance time.Duration
	// RouteRandomly has any node of a shard serve them. Cluster clients only.
	RouteRandomly bool
	// FailingTimeoutSeconds is for how many seconds, at most, reads avoid a
	// replica that failed. Cluster clients only.
	FailingTimeoutSeconds int
}

// errNoSentinel is why there is no client for MasterName.
var errNoSentinel = errors.New("redis: MasterName is set: Sentinel is not supported")

// NewUniversalClient makes a *[ClusterClient] if opts has several addresses or
// asks for one by IsClusterMode, otherwise a *[Client]. With options that cannot
// be used, every call of the client returns the error that says why.
func NewUniversalClient(opts *UniversalOptions) UniversalClient {
	switch {
	case opts == nil:
		return unusableClient(errNilOptions)
	case opts.MasterName != "":
		return unusableClient(errNoSentinel)
	case opts.IsClusterMode || len(opts.Addrs) > 1:
		return NewClusterClient(opts.Cluster())
	}
	return NewClient(opts.Simple())
}

// Cluster gives the options for a [ClusterClient].
func (o *UniversalOptions) Cluster() *ClusterOptions {
	addrs := o.Addrs
	if len(addrs) == 0 {
		addrs = []string{defaultAddr}
	}
	return &ClusterOptions{
		Addrs:                      addrs,
		ClientName:                 o.ClientName,
		Dialer:                     o.Dialer,
		OnConnect:                  o.OnConnect,
		TLSConfig:                  o.TLSConfig,
		Protocol:                   o.Protocol,
		Username:                   o.Username,
		Password:                   o.Password,
		CredentialsProvider:        o.CredentialsProvider,
		CredentialsProviderContext: o.CredentialsProviderContext,
		DisableIdentity:            o.DisableIdentity,
		DisableIndentity:           o.DisableIndentity,
		UnstableResp3:              o.UnstableResp3,
		IdentitySuffix:             o.IdentitySuffix,
		MaxRetries:                 o.MaxRetries,
		MinRetryBackoff:            o.MinRetryBackoff,
		MaxRetryBackoff:            o.MaxRetryBackoff,
		RetryWritesInDoubt:         o.RetryWritesInDoubt,
		DialTimeout:                o.DialTimeout,
		DialerRetries:              o.DialerRetries,
		DialerRetryTimeout:         o.DialerRetryTimeout,
		ReadTimeout:                o.ReadTimeout,
		WriteTimeout:               o.WriteTimeout,
		ContextTimeoutEnabled:      o.ContextTimeoutEnabled,
		ReadBufferSize:             o.ReadBufferSize,
		MaxReplySize:               o.MaxReplySize,
		WriteBufferSize:            o.WriteBufferSize,
		PoolFIFO:                   o.PoolFIFO,
		PoolSize:                   o.PoolSize,
		MaxConcurrentDials:         o.MaxConcurrentDials,
		PoolTimeout:                o.PoolTimeout,
		MinIdleConns:               o.MinIdleConns,
		MaxIdleConns:               o.MaxIdleConns,
		MaxActiveConns:             o.MaxActiveConns,
		ConnMaxIdleTime:            o.ConnMaxIdleTime,
		ConnMaxLifetime:            o.ConnMaxLifetime,
		ConnMaxLifetimeJitter:      o.ConnMaxLifetimeJitter,
		MaxRedirects:               o.MaxRedirects,
		ReadOnly:                   o.ReadOnly,
		RouteByLatency:             o.RouteByLatency,
		RouteByLatencyTolerance:    o.RouteByLatencyTolerance,
		RouteRandomly:              o.RouteRandomly,
		FailingTimeoutSeconds:      o.FailingTimeoutSeconds,
	}
}

// Simple gives the options for a [Client], of the server at the first address.
func (o *UniversalOptions) Simple() *Options {
	cluster := o.Cluster()
	opt := cluster.nodeOptions(cluster.Addrs[0])
	opt.Network, opt.NodeAddress = "", "" // they follow from the address
	opt.DB = o.DB
	return opt
}
