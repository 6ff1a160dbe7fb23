package redis

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"
)

// Limiter decides whether a command may be sent, and learns how it went. It
// is the place to fit a circuit breaker or a rate limit.
type Limiter interface {
	// Allow is asked before a command is sent. An error keeps the command from
	// being sent and is what its caller gets.
	Allow() error
	// ReportResult is told the outcome of a command that Allow let pass: nil if
	// it succeeded.
	ReportResult(result error)
}

// ClusterOptions configures a [ClusterClient]. Only Addrs has to be set, and
// not even that when ClusterSlots is: the zero value of every other field
// stands for its default.
//
// NewClusterClient takes a copy, so a ClusterOptions may be used again, for as
// many clients as you like. In the copy that [ClusterClient] reports, defaults
// are filled in and whatever is switched off is -1 (or 0, where off is the
// default).
//
// Sizes of pools and buffers are for each node, not for the whole cluster.
type ClusterOptions struct {
	// Addrs are host:port addresses from which the client learns the cluster.
	// One is enough if its name resolves to several nodes, as the configuration
	// endpoint of ElastiCache does. Names are resolved anew at every dial. An
	// IPv6 address is written in brackets; an empty host means localhost. There
	// is no default: a client without addresses, or with a malformed one,
	// returns an error from every call.
	Addrs []string

	// ClientName is given to every connection with CLIENT SETNAME. Empty, the
	// default, sets none. It is made of printable ASCII without spaces.
	ClientName string

	// NewClient makes the client of each node from options that already carry
	// everything set here, and also one, with a pool of one connection, for each
	// server that is asked for the slot map, such as those of Addrs: that is closed
	// when it has answered. It is called by one goroutine at a time. A command or
	// load that needs the node waits for it to return, so it must not send commands
	// by the cluster client. Nil means [NewClient].
	NewClient func(opt *Options) *Client

	// MaxRedirects is how many MOVED and ASK answers one command follows, without
	// a pause between. After that it waits for a new slot map before it follows any
	// more, as FailoverTimeout says. Default 3; -1 follows none: its caller gets
	// the answer as the error. Tries for any other reason count against MaxRetries.
	MaxRedirects int

	// ReadOnly lets replicas serve commands that only read, on connections that
	// have sent READONLY. The primary serves them only while no replica can. What a
	// replica answers may be older than what the primary holds. Default false:
	// primaries serve everything.
	ReadOnly bool

	// RouteByLatency sends a command that only reads to the node of its shard,
	// primary or replica, that answers fastest. It implies ReadOnly and wins
	// over RouteRandomly. Default false.
	RouteByLatency bool

	// RouteByLatencyTolerance makes RouteByLatency treat every node as equally
	// near whose latency exceeds the best by no more than this, and take turns
	// among them. 0, the default, or less: only the very fastest is used. It has
	// no effect without RouteByLatency.
	RouteByLatencyTolerance time.Duration

	// RouteRandomly sends a command that only reads to any node of its shard,
	// primary or replica. It implies ReadOnly. Default false.
	RouteRandomly bool

	// ClusterSlots, if set, is asked for the slots instead of the servers'
	// CLUSTER SLOTS. It serves to treat independent servers as a cluster, or to
	// take the map from elsewhere; connections to replicas then send no
	// READONLY. Addrs may be left empty. Its context ends after 3 s; what it returns
	// later is used then, and it is not called again before. Default nil.
	ClusterSlots func(context.Context) ([]ClusterSlot, error)

	// Dialer opens connections in place of the built-in one. It is responsible
	// for TLS: TLSConfig does not apply to what it returns, which need not have
	// deadlines. Its context ends with DialTimeout. Nobody waits for one that heeds no
	// context: what it returns later is closed. Default nil.
	Dialer func(ctx context.Context, network, addr string) (net.Conn, error)

	// OnConnect runs on every new connection once it has been authenticated and
	// before it serves anything else. An error closes the connection and counts
	// as a failed dial. Default nil.
	OnConnect func(ctx context.Context, cn *Conn) error

	// Protocol is the version of the protocol, RESP2 or RESP3, that HELLO asks
	// the server for: 2 or 3. Default 3; a server that knows no HELLO is spoken
	// to in RESP2.
	Protocol int

	// Username is the ACL user to authenticate as (Redis 6 and later). Default
	// empty: the server's default user.
	Username string

	// Password authenticates each connection: the user's, or that of
	// requirepass. Default empty: no authentication.
	Password string

	// CredentialsProvider is asked for user name and password at each dial, in
	// place of Username and Password. Default nil.
	CredentialsProvider func() (username string, password string)

	// CredentialsProviderContext does the same, with a context that ends with
	// the dial, and may fail, which fails the dial: commands then wait as for a
	// node that cannot be reached if it is an error of the network, else they are tried
	// again up to MaxRetries times. It wins over CredentialsProvider. Use it for
	// credentials that expire, as IAM tokens do. Default nil.
	CredentialsProviderContext func(ctx context.Context) (username string, password string, err error)

	// MaxRetries is how many more times a command is tried, over and above
	// redirects, when it failed though its shard is being served: NOREPLICAS, a
	// connection lost, which only reads survive unless RetryWritesInDoubt is set, or a
	// node that can be reached but not used, since OnConnect fails there, for
	// instance. Default 3; -1 never tries again.
	//
	// Tries made because the shard itself is away, with its primary refusing,
	// silent or not yet elected, or because keys of one slot are on both sides of
	// a migration (TRYAGAIN), are not counted: FailoverTimeout and the caller's
	// context bound those. Until the first slot map has been loaded it is the loads
	// that are counted, each of which takes 3 s at most: a command tries so many more
	// times, but after PoolTimeout not again where nobody has answered, and returns the
	// error.
	MaxRetries int

	// MinRetryBackoff is where the pause before another try starts from. The
	// pause is random (full jitter), and its upper limit doubles with each try
	// from here to MaxRetryBackoff. Default 8 ms, or MaxRetryBackoff if that is
	// less; -1 tries again without a pause. It is an error to set it above a
	// MaxRetryBackoff that is set too.
	MinRetryBackoff time.Duration

	// MaxRetryBackoff is the longest pause before another try. Default 512 ms,
	// or MinRetryBackoff if that is more; -1 tries again without a pause.
	MaxRetryBackoff time.Duration

	// DialTimeout bounds opening a connection, the TLS and Redis handshakes
	// included. Default 5 s; -1 leaves it to the operating system.
	DialTimeout time.Duration

	// DialerRetries is how many failures in a row lengthen the pause between
	// dials to a node; further ones leave it as it is. Commands do not sit out
	// that pause: they fail at once or go to another node. Default 5, also for
	// negative values.
	DialerRetries int

	// DialerRetryTimeout is the pause after the first failed dial to a node. It
	// doubles with each further one up to 800 ms, and is then taken at random
	// between half and whole. Default 100 ms; -1 makes no pause.
	DialerRetryTimeout time.Duration

	// DialerRetryBackoff, if set, gives the pause after a failed dial instead, which
	// is then taken at random between half and whole; attempt is 0 after the first
	// failure in a row. It must not use the client. Default nil.
	DialerRetryBackoff func(attempt int) time.Duration

	// ReadTimeout is how long a command waits for its reply, counted from when it is
	// given to a connection, and again from each byte that comes there: a large reply may
	// take longer, and so may those behind it. If less than 64 KiB come in each
	// ReadTimeout it ends after ten of them. A blocking command has the time it asks the
	// server for on top, and at least 5 s besides. Default 3 s; -1 or -2 waits as
	// long as the context lets it.
	ReadTimeout time.Duration

	// WriteTimeout is how long a write to a connection may block; of a large request,
	// each piece of 256 KiB. Default: ReadTimeout; -1 or -2 sets no limit.
	WriteTimeout time.Duration

	// ContextTimeoutEnabled has no effect: deadline and cancellation of a
	// context are always honoured. It is here so that existing programs compile.
	ContextTimeoutEnabled bool

	// MaxConcurrentDials bounds the dials to a node that are under way at the
	// same time, those included that go on after DialTimeout since a function such as
	// Dialer does not return. Default, also for negative values: PoolSize, which is the
	// most it can be.
	MaxConcurrentDials int

	// PoolFIFO hands out the connection that has been idle longest instead of
	// the one used last, where a command needs a connection for itself. Default
	// false.
	PoolFIFO bool

	// PoolSize bounds the connections to each node, those for pub/sub apart.
	// Ordinary commands share connections, so that few are needed; transactions
	// with WATCH, blocking commands and Conn take one each, up to PoolSize less the
	// one that is left for ordinary commands, or all if that is 1. Default 5 for each
	// CPU that runtime.GOMAXPROCS reports; negative is an error.
	PoolSize int

	// PoolTimeout is how long a command that needs a connection for itself waits
	// for a free one; then it fails with [ErrPoolTimeout], and is not tried again. The
	// wait for the first connection to a node is bounded by DialTimeout instead.
	// Default: ReadTimeout plus 1 s, or 30 s when ReadTimeout is off; -1 waits as long as
	// the context lets it.
	PoolTimeout time.Duration

	// MinIdleConns is how many connections to each node, replicas included, are
	// opened as soon as the node is known, and kept up. All nodes together have 16
	// such dials under way at a time, and 800 in a second. Default 0: connections are
	// opened when they are needed. More than PoolSize, or than MaxIdleConns if set,
	// counts as that many; negative is an error.
	MinIdleConns int

	// MaxIdleConns is how many idle connections to each node are kept; one that
	// falls idle beyond them is closed, at the next sweep at the latest. Default 0: as
	// many as PoolSize allows. Negative is an error.
	MaxIdleConns int

	// MaxActiveConns lowers PoolSize to its value when it is the smaller of the
	// two. Default 0: PoolSize alone decides. Negative is an error.
	MaxActiveConns int

	// ConnMaxIdleTime closes a connection that has been idle this long; keep it
	// below the server's own timeout. Default 30 minutes; -1 never closes one
	// for being idle.
	ConnMaxIdleTime time.Duration

	// ConnMaxLifetime closes a connection of this age as soon as it is idle.
	// Default 0: no limit, and so for negative values.
	ConnMaxLifetime time.Duration

	// ConnMaxLifetimeJitter varies ConnMaxLifetime at random from connection to
	// connection, by up to this much either way, so that they do not all end
	// together. At most ConnMaxLifetime counts. Default 0: none, and so for
	// negative values.
	ConnMaxLifetimeJitter time.Duration

	// IdleTimeout is the name that go-redis v8 had for ConnMaxIdleTime, and
	// means the same. ConnMaxIdleTime wins where both are set.
	IdleTimeout time.Duration

	// MaxConnAge is the name that go-redis v8 had for ConnMaxLifetime, and means
	// the same. ConnMaxLifetime wins where both are set.
	MaxConnAge time.Duration

	// IdleCheckFrequency is the time between sweeps for connections that have
	// been idle too long or are too old. Default 1 minute; -1 sweeps never, so
	// that ConnMaxIdleTime and ConnMaxLifetime have no effect.
	IdleCheckFrequency time.Duration

	// ReadBufferSize is the size in bytes of the buffer that a busy connection
	// reads into. Replies that do not fit get memory of their own. Default 64 KiB;
	// negative is an error.
	ReadBufferSize int

	// MaxReplySize is the size in bytes of the largest reply, or message, that is
	// accepted: a whole one, with all that is nested in it. A connection on which a larger
	// one comes is closed, and the command returns [ErrReplyTooLarge] in a
	// [NodeError]. Default 1 GiB; -1 sets no limit but the protocol's, 512 MiB for one
	// string.
	MaxReplySize int

	// WriteBufferSize has no effect: what is to be written takes as much memory
	// as it needs. It is here so that existing programs compile. Default 32 KiB;
	// negative is an error.
	WriteBufferSize int

	// TLSConfig turns TLS on. Where it names no server, each node has to prove
	// the host name under which the cluster announces it. Default nil: no TLS.
	TLSConfig *tls.Config

	// DisableIdentity leaves out CLIENT SETINFO, by which a new connection tells
	// the server the name and version of this library. Default false.
	DisableIdentity bool

	// DisableIndentity is the name that early releases of go-redis v9 had for
	// DisableIdentity, and means the same.
	DisableIndentity bool

	// UnstableResp3 has no effect: it concerns replies of the search module. It is
	// here so that existing programs compile.
	UnstableResp3 bool

	// IdentitySuffix is added to the library name that CLIENT SETINFO reports.
	// Default empty. It is made of printable ASCII without spaces.
	IdentitySuffix string

	// FailingTimeoutSeconds is for how many seconds, at most, reads avoid a
	// replica that failed; one that answers again is used again. Default 15; -1:
	// failed replicas are not avoided.
	FailingTimeoutSeconds int

	// ClusterStateReloadInterval is the period of loading the slot map without
	// any particular reason. Redirects and failures cause loading at once and do
	// not wait for it. Default 60 s; -1 loads only when there is a reason.
	ClusterStateReloadInterval time.Duration

	// FailoverTimeout is how long a command whose context has no deadline waits
	// for its shard to be served again, for redirects to lead somewhere, or for its
	// keys to be on one side of a migration. With a deadline, that decides. Default
	// 30 s; -1 never waits: the command fails with what it met, TRYAGAIN after
	// MaxRetries, and redirects after MaxRedirects.
	FailoverTimeout time.Duration

	// RetryWritesInDoubt sends a write again when its connection was lost after
	// it had been sent, so that nobody knows whether the server ran it: an INCR
	// may then count twice. If it does not run then, the error is [ErrWriteInDoubt]
	// all the same. Default false: such a write returns that error at once.
	RetryWritesInDoubt bool

	// SuspectAfter is how long a node may leave the oldest command that was sent
	// to it unanswered before the other nodes are asked whether it has been
	// replaced. Slow commands cost nothing but the question. Default 200 ms; -1
	// never asks on that ground. A node on which blocking commands wait has to
	// answer a PING once a second, whatever this is.
	SuspectAfter time.Duration

	// readMode is what ReadOnly, RouteByLatency and RouteRandomly amount to.
	readMode readMode

	// hooks are those of the client that the options are of.
	hooks *hooks

	// abandoned and fillTurns are what the options of the nodes share.
	abandoned *abandonedDials
	fillTurns *fillTurns
}

// readMode says which nodes of a shard may serve a command that only reads.
type readMode int

const (
	readPrimary readMode = iota // the primary alone
	readReplica                 // a replica, the primary failing that
	readLatency                 // whichever answers fastest
	readRandom                  // any
)

// Options configures a [Client], which talks to a single server. The zero
// value of every field stands for its default, so that &Options{} is a server
// at localhost:6379.
//
// NewClient takes a copy, so an Options may be used again. In the copy that
// [Client] reports, defaults are filled in and whatever is switched off is -1
// (or 0, where off is the default).
type Options struct {
	// Network is "tcp", "tcp4", "tcp6" or "unix". Default "tcp", or "unix" when
	// Addr begins with a slash. With a Dialer of your own it may be anything.
	Network string

	// Addr is the server's host:port, or the path of its socket. Default
	// "localhost:6379". An IPv6 address is written in brackets; an empty host
	// means localhost. With a Dialer of your own it may be anything.
	Addr string

	// NodeAddress is the address under which the cluster announces this node.
	// Default: Addr.
	NodeAddress string

	// ClientName is given to every connection with CLIENT SETNAME. Empty, the
	// default, sets none. It is made of printable ASCII without spaces.
	ClientName string

	// Dialer opens connections in place of the built-in one. It is responsible
	// for TLS: TLSConfig does not apply to what it returns, which need not have
	// deadlines. Its context ends with DialTimeout. Nobody waits for one that heeds no
	// context: what it returns later is closed. Default nil.
	Dialer func(ctx context.Context, network, addr string) (net.Conn, error)

	// OnConnect runs on every new connection once it has been authenticated and
	// before it serves anything else. An error closes the connection and counts
	// as a failed dial. Default nil.
	OnConnect func(ctx context.Context, cn *Conn) error

	// Protocol is the version of the protocol, RESP2 or RESP3, that HELLO asks
	// the server for: 2 or 3. Default 3; a server that knows no HELLO is spoken
	// to in RESP2.
	Protocol int

	// Username is the ACL user to authenticate as (Redis 6 and later). Default
	// empty: the server's default user.
	Username string

	// Password authenticates each connection: the user's, or that of
	// requirepass. Default empty: no authentication.
	Password string

	// CredentialsProvider is asked for user name and password at each dial, in
	// place of Username and Password. Default nil.
	CredentialsProvider func() (username string, password string)

	// CredentialsProviderContext does the same, with a context that ends with
	// the dial, and may fail, which fails the dial. It wins over
	// CredentialsProvider. Default nil.
	CredentialsProviderContext func(ctx context.Context) (username string, password string, err error)

	// DB is the number of the database that every connection SELECTs. Default 0;
	// negative is an error. A node of a cluster has no other than 0, until
	// Valkey 9.
	DB int

	// MaxRetries is how many more times a command is tried that failed without
	// having run: none of its bytes had been sent, LOADING. After a connection was lost
	// only reads are tried again, unless RetryWritesInDoubt is set. Dials that fail are
	// counted by themselves, up to the same number. Default 3; -1 never tries again.
	MaxRetries int

	// MinRetryBackoff is where the pause before another try starts from. The
	// pause is random (full jitter), and its upper limit doubles with each try
	// from here to MaxRetryBackoff. Default 8 ms, or MaxRetryBackoff if that is
	// less; -1 tries again without a pause. It is an error to set it above a
	// MaxRetryBackoff that is set too.
	MinRetryBackoff time.Duration

	// MaxRetryBackoff is the longest pause before another try. Default 512 ms,
	// or MinRetryBackoff if that is more; -1 tries again without a pause.
	MaxRetryBackoff time.Duration

	// DialTimeout bounds opening a connection, the TLS and Redis handshakes
	// included. Default 5 s; -1 leaves it to the operating system.
	DialTimeout time.Duration

	// DialerRetries is how many failures in a row lengthen the pause between
	// dials; further ones leave it as it is. A command that comes during the pause fails
	// at once, and what MaxRetries lets it try again waits for the end of the pause.
	// Default 5, also for negative values.
	DialerRetries int

	// DialerRetryTimeout is the pause after the first failed dial. It doubles with
	// each further one up to 800 ms, and is then taken at random between half and
	// whole. Default 100 ms; -1 makes no pause.
	DialerRetryTimeout time.Duration

	// DialerRetryBackoff, if set, gives the pause after a failed dial instead, which
	// is then taken at random between half and whole; attempt is 0 after the first
	// failure in a row. It must not use the client. Default nil.
	DialerRetryBackoff func(attempt int) time.Duration

	// ReadTimeout is how long a command waits for its reply, counted from when it is
	// given to a connection, and again from each byte that comes there: a large reply may
	// take longer, and so may those behind it. If less than 64 KiB come in each
	// ReadTimeout it ends after ten of them. A blocking command has the time it asks the
	// server for on top, and at least 5 s besides. Default 3 s; -1 or -2 waits as
	// long as the context lets it.
	ReadTimeout time.Duration

	// WriteTimeout is how long a write to a connection may block; of a large request,
	// each piece of 256 KiB. Default: ReadTimeout; -1 or -2 sets no limit.
	WriteTimeout time.Duration

	// ContextTimeoutEnabled has no effect: deadline and cancellation of a
	// context are always honoured. It is here so that existing programs compile.
	ContextTimeoutEnabled bool

	// ReadBufferSize is the size in bytes of the buffer that a busy connection
	// reads into. Replies that do not fit get memory of their own. Default 64 KiB;
	// negative is an error.
	ReadBufferSize int

	// MaxReplySize is the size in bytes of the largest reply, or message, that is
	// accepted: a whole one, with all that is nested in it. A connection on which a larger
	// one comes is closed, and the command returns [ErrReplyTooLarge] in a
	// [NodeError]. Default 1 GiB; -1 sets no limit but the protocol's, 512 MiB for one
	// string.
	MaxReplySize int

	// WriteBufferSize has no effect: what is to be written takes as much memory
	// as it needs. It is here so that existing programs compile. Default 32 KiB;
	// negative is an error.
	WriteBufferSize int

	// PoolFIFO hands out the connection that has been idle longest instead of
	// the one used last, where a command needs a connection for itself. Default
	// false.
	PoolFIFO bool

	// PoolSize bounds the connections, those for pub/sub apart. Ordinary
	// commands share connections, so that few are needed; transactions with WATCH,
	// blocking commands and Conn take one each, up to PoolSize less the one that is
	// left for ordinary commands, or all if that is 1. Default 10 for each CPU that
	// runtime.GOMAXPROCS reports; negative is an error.
	PoolSize int

	// MaxConcurrentDials bounds the dials that are under way at the same time.
	// Default, also for negative values: PoolSize, which is the most it can be.
	MaxConcurrentDials int

	// PoolTimeout is how long a command that needs a connection for itself waits
	// for a free one; then it fails with [ErrPoolTimeout], and is not tried again. The
	// wait for the first connection to a node is bounded by DialTimeout instead.
	// Default: ReadTimeout plus 1 s, or 30 s when ReadTimeout is off; -1 waits as long as
	// the context lets it.
	PoolTimeout time.Duration

	// MinIdleConns is how many connections are opened at the start and kept up.
	// Default 0: connections are opened when they are needed. More than
	// PoolSize, or than MaxIdleConns if set, counts as that many; negative is an
	// error.
	MinIdleConns int

	// MaxIdleConns is how many idle connections are kept; one that falls idle
	// beyond them is closed, at the next sweep at the latest. Default 0: as many as
	// PoolSize allows. Negative is an error.
	MaxIdleConns int

	// MaxActiveConns lowers PoolSize to its value when it is the smaller of the
	// two. Default 0: PoolSize alone decides. Negative is an error.
	MaxActiveConns int

	// ConnMaxIdleTime closes a connection that has been idle this long; keep it
	// below the server's own timeout. Default 30 minutes; -1 never closes one
	// for being idle.
	ConnMaxIdleTime time.Duration

	// ConnMaxLifetime closes a connection of this age as soon as it is idle.
	// Default 0: no limit, and so for negative values.
	ConnMaxLifetime time.Duration

	// ConnMaxLifetimeJitter varies ConnMaxLifetime at random from connection to
	// connection, by up to this much either way, so that they do not all end
	// together. At most ConnMaxLifetime counts. Default 0: none, and so for
	// negative values.
	ConnMaxLifetimeJitter time.Duration

	// IdleTimeout is the name that go-redis v8 had for ConnMaxIdleTime, and
	// means the same. ConnMaxIdleTime wins where both are set.
	IdleTimeout time.Duration

	// MaxConnAge is the name that go-redis v8 had for ConnMaxLifetime, and means
	// the same. ConnMaxLifetime wins where both are set.
	MaxConnAge time.Duration

	// IdleCheckFrequency is the time between sweeps for connections that have
	// been idle too long or are too old. Default 1 minute; -1 sweeps never, so
	// that ConnMaxIdleTime and ConnMaxLifetime have no effect.
	IdleCheckFrequency time.Duration

	// TLSConfig turns TLS on. Where it names no server, the host of Addr has to
	// be proved. Default nil: no TLS.
	TLSConfig *tls.Config

	// Limiter is asked before each command is sent. Default nil: none.
	Limiter Limiter

	// DisableIdentity leaves out CLIENT SETINFO, by which a new connection tells
	// the server the name and version of this library. Default false.
	DisableIdentity bool

	// DisableIndentity is the name that early releases of go-redis v9 had for
	// DisableIdentity, and means the same.
	DisableIndentity bool

	// UnstableResp3 has no effect: it concerns replies of the search module. It is
	// here so that existing programs compile.
	UnstableResp3 bool

	// IdentitySuffix is added to the library name that CLIENT SETINFO reports.
	// Default empty. It is made of printable ASCII without spaces.
	IdentitySuffix string

	// FailingTimeoutSeconds is used by the cluster client, see
	// [ClusterOptions.FailingTimeoutSeconds]; a client of a single server has
	// nowhere else to turn. Default 15; -1 is off.
	FailingTimeoutSeconds int

	// RetryWritesInDoubt sends a write again when its connection was lost after
	// it had been sent, so that nobody knows whether the server ran it: an INCR
	// may then count twice. If it does not run then, the error is [ErrWriteInDoubt]
	// all the same. Default false: such a write returns that error at once.
	RetryWritesInDoubt bool

	// readOnly makes every connection send READONLY after its handshake.
	readOnly bool

	// suspectAfter is set on the options of a cluster's nodes: after that time a
	// command looks for another node instead of waiting for a dial, and a server
	// that owes a reply counts as silent. onSilence is told of the latter, and
	// when it is over: see pool.
	suspectAfter time.Duration
	onSilence    func(silent bool)

	// background is the log of what fails in the background: that of the cluster
	// client where the options are of one of its nodes.
	background *failureLog

	// fillLater keeps the pool from dialling for MinIdleConns before
	// [pool.startFilling].
	fillLater bool

	// hooks are those of the client that the options are of, and outerHooks
	// those of the cluster client that it belongs to.
	hooks, outerHooks *hooks

	// abandoned counts the dials that are abandoned but go on, see inTime.
	abandoned *abandonedDials
	// fillTurns has the pools of a client take turns at being filled.
	fillTurns *fillTurns

	// serverName is the name that the cluster announces for the node, which TLS
	// verifies in place of the host that is dialled.
	serverName string
}

// nodeOptions returns the options of the node at addr, which the cluster
// announces under that address, or for a server alone. What o lacks, the options
// lack too.
func (o *ClusterOptions) nodeOptions(addr string) *Options {
	return &Options{
		Network:                    "tcp",
		Addr:                       addr,
		NodeAddress:                addr,
		ClientName:                 o.ClientName,
		Dialer:                     o.Dialer,
		OnConnect:                  o.OnConnect,
		Protocol:                   o.Protocol,
		Username:                   o.Username,
		Password:                   o.Password,
		CredentialsProvider:        o.CredentialsProvider,
		CredentialsProviderContext: o.CredentialsProviderContext,
		MaxRetries:                 o.MaxRetries,
		MinRetryBackoff:            o.MinRetryBackoff,
		MaxRetryBackoff:            o.MaxRetryBackoff,
		DialTimeout:                o.DialTimeout,
		DialerRetries:              o.DialerRetries,
		DialerRetryTimeout:         o.DialerRetryTimeout,
		DialerRetryBackoff:         o.DialerRetryBackoff,
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
		IdleTimeout:                o.IdleTimeout,
		MaxConnAge:                 o.MaxConnAge,
		IdleCheckFrequency:         o.IdleCheckFrequency,
		TLSConfig:                  o.TLSConfig,
		DisableIdentity:            o.DisableIdentity,
		DisableIndentity:           o.DisableIndentity,
		UnstableResp3:              o.UnstableResp3,
		IdentitySuffix:             o.IdentitySuffix,
		FailingTimeoutSeconds:      o.FailingTimeoutSeconds,
		RetryWritesInDoubt:         o.RetryWritesInDoubt,
		outerHooks:                 o.hooks,
		abandoned:                  o.abandoned,
		fillTurns:                  o.fillTurns,
		suspectAfter:               max(0, o.SuspectAfter),
		// Servers that only ClusterSlots makes a cluster know no READONLY.
		readOnly: o.readMode != readPrimary && o.ClusterSlots == nil,
	}
}

// isAlone reports whether the options are of no node of a cluster client's.
func (o *Options) isAlone() bool { return o.outerHooks == nil }

// tlsConfigFor returns the TLS configuration for a connection to host, or nil
// when TLS is off. The caller of the library may have named the server, or
// have chosen not to verify it; else it is host that has to be proved.
func (o *Options) tlsConfigFor(host string) *tls.Config {
	if o.TLSConfig == nil {
		return nil
	}
	if o.serverName != "" {
		host = o.serverName
	}
	config := o.TLSConfig.Clone()
	if config.ServerName == "" && !config.InsecureSkipVerify {
		config.ServerName = host
	}
	return config
}

// Format prints the options for all verbs of package fmt, without the password.
func (o Options) Format(f fmt.State, verb rune) {
	type shown Options // without this method
	o.Password = withoutSecret(o.Password)
	formatShown(f, verb, shown(o))
}

// Format prints the options for all verbs of package fmt, without the password.
func (o ClusterOptions) Format(f fmt.State, verb rune) {
	type shown ClusterOptions
	o.Password = withoutSecret(o.Password)
	formatShown(f, verb, shown(o))
}

// Format prints the options for all verbs of package fmt, without the password.
func (o UniversalOptions) Format(f fmt.State, verb rune) {
	type shown UniversalOptions
	o.Password = withoutSecret(o.Password)
	formatShown(f, verb, shown(o))
}

func formatShown(f fmt.State, verb rune, v any) { _, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), v) }

func withoutSecret(s string) string {
	if s == "" {
		return ""
	}
	return hidden
}
