package redis

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The defaults that ClusterOptions and Options document.
const (
	defaultAddr               = "localhost:6379"
	defaultProtocol           = 3
	defaultMaxRedirects       = 3
	defaultMaxRetries         = 3
	defaultMinRetryBackoff    = 8 * time.Millisecond
	defaultMaxRetryBackoff    = 512 * time.Millisecond
	defaultDialTimeout        = 5 * time.Second
	defaultDialerRetries      = 5
	defaultDialerRetryTimeout = 100 * time.Millisecond
	defaultReadTimeout        = 3 * time.Second
	defaultPoolTimeoutMargin  = time.Second      // over ReadTimeout
	defaultPoolTimeout        = 30 * time.Second // when ReadTimeout is off
	defaultConnsPerCPU        = 10
	defaultClusterConnsPerCPU = 5
	defaultConnMaxIdleTime    = 30 * time.Minute
	defaultIdleCheckFrequency = time.Minute
	defaultReadBufferSize     = 64 << 10
	defaultMaxReplySize       = 1 << 30
	defaultWriteBufferSize    = 32 << 10
	defaultFailingSeconds     = 15
	defaultReloadInterval     = time.Minute
	defaultFailoverTimeout    = 30 * time.Second
	defaultSuspectAfter       = 200 * time.Millisecond
)

var errNilOptions = errors.New("redis: the options are nil")

// withDefaults returns a copy of o that has been checked and completed; o and
// what it points to stay as they are. In the copy a setting that is off is not
// positive, and never 0 where 0 asks for a default: completing a copy again
// changes nothing.
func (o *ClusterOptions) withDefaults() (*ClusterOptions, error) {
	if o == nil {
		return nil, errNilOptions
	}
	c := *o
	if err := c.completeAddrs(); err != nil {
		return nil, err
	}
	if err := c.shared().complete(defaultClusterConnsPerCPU); err != nil {
		return nil, err
	}
	setDefault(&c.MaxRedirects, defaultMaxRedirects)
	setDefault(&c.ClusterStateReloadInterval, defaultReloadInterval)
	setDefault(&c.FailoverTimeout, defaultFailoverTimeout)
	setDefault(&c.SuspectAfter, defaultSuspectAfter)
	c.RouteByLatencyTolerance = max(c.RouteByLatencyTolerance, 0)

	switch {
	case c.RouteByLatency:
		c.readMode = readLatency
	case c.RouteRandomly:
		c.readMode = readRandom
	case c.ReadOnly:
		c.readMode = readReplica
	default:
		c.readMode = readPrimary
	}
	c.ReadOnly = c.readMode != readPrimary
	return &c, nil
}

func (o *ClusterOptions) completeAddrs() error {
	if len(o.Addrs) == 0 && o.ClusterSlots == nil {
		return errors.New("redis: Addrs is empty: the cluster client needs the address of at least one node")
	}
	var addrs []string
	for _, addr := range o.Addrs {
		addr, err := normalizeAddr(addr)
		if err != nil {
			return err
		}
		if !slices.Contains(addrs, addr) {
			addrs = append(addrs, addr)
		}
	}
	o.Addrs = addrs
	return nil
}

// withDefaults returns a copy of o that has been checked and completed, under
// the same promises as that of ClusterOptions.
func (o *Options) withDefaults() (*Options, error) {
	if o == nil {
		return nil, errNilOptions
	}
	c := *o
	if err := c.completeAddr(); err != nil {
		return nil, err
	}
	if c.DB < 0 {
		return nil, fmt.Errorf("redis: DB is %d: there is no such database", c.DB)
	}
	if err := c.shared().complete(defaultConnsPerCPU); err != nil {
		return nil, err
	}
	return &c, nil
}

func (o *Options) completeAddr() error {
	if o.Network == "" {
		o.Network = "tcp"
		if strings.HasPrefix(o.Addr, "/") {
			o.Network = "unix"
		}
	}
	if o.Addr == "" && o.Network != "unix" {
		o.Addr = defaultAddr
	}
	if o.Dialer == nil {
		switch o.Network {
		case "tcp", "tcp4", "tcp6":
			addr, err := normalizeAddr(o.Addr)
			if err != nil {
				return err
			}
			o.Addr = addr
		case "unix":
			if o.Addr == "" {
				return errors.New("redis: Addr is empty: Network unix needs the path of a socket")
			}
		default:
			return fmt.Errorf("redis: Network is %q: it must be tcp, tcp4, tcp6 or unix", o.Network)
		}
	}
	if o.NodeAddress == "" {
		o.NodeAddress = o.Addr
	}
	return nil
}

// sharedOptions points at the settings that Options and ClusterOptions have in
// common, so that defaults, checks and URL parameters are written once.
type sharedOptions struct {
	clientName, identitySuffix *string

	protocol, maxRetries, dialerRetries           *int
	poolSize, minIdleConns, maxIdleConns          *int
	maxActiveConns, maxConcurrentDials            *int
	readBufferSize, maxReplySize, writeBufferSize *int
	failingTimeoutSeconds                         *int
	minRetryBackoff, maxRetryBackoff              *time.Duration
	dialTimeout, dialerRetryTimeout               *time.Duration
	readTimeout, writeTimeout, poolTimeout        *time.Duration
	connMaxIdleTime, idleTimeout                  *time.Duration
	connMaxLifetime, maxConnAge                   *time.Duration
	connMaxLifetimeJitter, idleCheckFrequency     *time.Duration
	poolFIFO, contextTimeoutEnabled               *bool
	disableIdentity, disableIndentity             *bool
	unstableResp3, retryWritesInDoubt             *bool
	tlsConfig                                     **tls.Config
}

func (o *ClusterOptions) shared() *sharedOptions {
	return &sharedOptions{
		clientName: &o.ClientName, identitySuffix: &o.IdentitySuffix,
		protocol: &o.Protocol, maxRetries: &o.MaxRetries, dialerRetries: &o.DialerRetries,
		poolSize: &o.PoolSize, minIdleConns: &o.MinIdleConns, maxIdleConns: &o.MaxIdleConns,
		maxActiveConns: &o.MaxActiveConns, maxConcurrentDials: &o.MaxConcurrentDials,
		readBufferSize: &o.ReadBufferSize, maxReplySize: &o.MaxReplySize, writeBufferSize: &o.WriteBufferSize,
		failingTimeoutSeconds: &o.FailingTimeoutSeconds,
		minRetryBackoff:       &o.MinRetryBackoff, maxRetryBackoff: &o.MaxRetryBackoff,
		dialTimeout: &o.DialTimeout, dialerRetryTimeout: &o.DialerRetryTimeout,
		readTimeout: &o.ReadTimeout, writeTimeout: &o.WriteTimeout, poolTimeout: &o.PoolTimeout,
		connMaxIdleTime: &o.ConnMaxIdleTime, idleTimeout: &o.IdleTimeout,
		connMaxLifetime: &o.ConnMaxLifetime, maxConnAge: &o.MaxConnAge,
		connMaxLifetimeJitter: &o.ConnMaxLifetimeJitter, idleCheckFrequency: &o.IdleCheckFrequency,
		poolFIFO: &o.PoolFIFO, contextTimeoutEnabled: &o.ContextTimeoutEnabled,
		disableIdentity: &o.DisableIdentity, disableIndentity: &o.DisableIndentity,
		unstableResp3: &o.UnstableResp3, retryWritesInDoubt: &o.RetryWritesInDoubt,
		tlsConfig: &o.TLSConfig,
	}
}

func (o *Options) shared() *sharedOptions {
	return &sharedOptions{
		clientName: &o.ClientName, identitySuffix: &o.IdentitySuffix,
		protocol: &o.Protocol, maxRetries: &o.MaxRetries, dialerRetries: &o.DialerRetries,
		poolSize: &o.PoolSize, minIdleConns: &o.MinIdleConns, maxIdleConns: &o.MaxIdleConns,
		maxActiveConns: &o.MaxActiveConns, maxConcurrentDials: &o.MaxConcurrentDials,
		readBufferSize: &o.ReadBufferSize, maxReplySize: &o.MaxReplySize, writeBufferSize: &o.WriteBufferSize,
		failingTimeoutSeconds: &o.FailingTimeoutSeconds,
		minRetryBackoff:       &o.MinRetryBackoff, maxRetryBackoff: &o.MaxRetryBackoff,
		dialTimeout: &o.DialTimeout, dialerRetryTimeout: &o.DialerRetryTimeout,
		readTimeout: &o.ReadTimeout, writeTimeout: &o.WriteTimeout, poolTimeout: &o.PoolTimeout,
		connMaxIdleTime: &o.ConnMaxIdleTime, idleTimeout: &o.IdleTimeout,
		connMaxLifetime: &o.ConnMaxLifetime, maxConnAge: &o.MaxConnAge,
		connMaxLifetimeJitter: &o.ConnMaxLifetimeJitter, idleCheckFrequency: &o.IdleCheckFrequency,
		poolFIFO: &o.PoolFIFO, contextTimeoutEnabled: &o.ContextTimeoutEnabled,
		disableIdentity: &o.DisableIdentity, disableIndentity: &o.DisableIndentity,
		unstableResp3: &o.UnstableResp3, retryWritesInDoubt: &o.RetryWritesInDoubt,
		tlsConfig: &o.TLSConfig,
	}
}

func (s *sharedOptions) complete(connsPerCPU int) error {
	if err := s.check(); err != nil {
		return err
	}
	if *s.tlsConfig != nil {
		*s.tlsConfig = (*s.tlsConfig).Clone()
	}
	setDefault(s.protocol, defaultProtocol)
	setDefault(s.maxRetries, defaultMaxRetries)
	setDefault(s.failingTimeoutSeconds, defaultFailingSeconds)
	setDefault(s.readBufferSize, defaultReadBufferSize)
	setDefault(s.maxReplySize, defaultMaxReplySize)
	setDefault(s.writeBufferSize, defaultWriteBufferSize)
	s.completeTimeouts()
	s.completeBackoff()
	s.completePool(connsPerCPU)
	return nil
}

// check refuses what no default can mend. It looks at the settings as they
// were given.
func (s *sharedOptions) check() error {
	if p := *s.protocol; p != 0 && p != 2 && p != 3 {
		return fmt.Errorf("redis: Protocol is %d: it must be 2 or 3", p)
	}
	for _, count := range []struct {
		name  string
		value int
	}{
		{"PoolSize", *s.poolSize},
		{"MinIdleConns", *s.minIdleConns},
		{"MaxIdleConns", *s.maxIdleConns},
		{"MaxActiveConns", *s.maxActiveConns},
		{"ReadBufferSize", *s.readBufferSize},
		{"WriteBufferSize", *s.writeBufferSize},
	} {
		if count.value < 0 {
			return fmt.Errorf("redis: %s is %d: it must not be negative", count.name, count.value)
		}
	}
	lowest, highest := *s.minRetryBackoff, *s.maxRetryBackoff
	if highest > 0 && lowest > highest {
		return fmt.Errorf("redis: MinRetryBackoff (%s) exceeds MaxRetryBackoff (%s)", lowest, highest)
	}
	for _, word := range []struct{ name, value string }{
		{"ClientName", *s.clientName},
		{"IdentitySuffix", *s.identitySuffix},
	} {
		if err := checkWord(word.name, word.value); err != nil {
			return err
		}
	}
	return nil
}

// checkWord refuses a value that the server would refuse at every dial.
func checkWord(name, value string) error {
	if strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fmt.Errorf("redis: %s is %q: only printable ASCII without spaces is allowed", name, value)
	}
	return nil
}

func (s *sharedOptions) completeTimeouts() {
	s.resolveSynonyms()
	setDefault(s.dialTimeout, defaultDialTimeout)
	setDefault(s.readTimeout, defaultReadTimeout)
	setDefault(s.writeTimeout, *s.readTimeout)
	if *s.readTimeout > 0 {
		setDefault(s.poolTimeout, *s.readTimeout+defaultPoolTimeoutMargin)
	} else {
		setDefault(s.poolTimeout, defaultPoolTimeout)
	}
	setDefault(s.connMaxIdleTime, defaultConnMaxIdleTime)
	*s.idleTimeout = *s.connMaxIdleTime
	setDefault(s.idleCheckFrequency, defaultIdleCheckFrequency)

	*s.connMaxLifetime = max(*s.connMaxLifetime, 0)
	*s.maxConnAge = *s.connMaxLifetime
	*s.connMaxLifetimeJitter = max(min(*s.connMaxLifetimeJitter, *s.connMaxLifetime), 0)
}

// resolveSynonyms gives the values under older names to the fields with the names
// of today, unless those have their own.
func (s *sharedOptions) resolveSynonyms() {
	if *s.connMaxIdleTime == 0 {
		*s.connMaxIdleTime = *s.idleTimeout
	}
	if *s.connMaxLifetime == 0 {
		*s.connMaxLifetime = *s.maxConnAge
	}
	*s.disableIdentity = *s.disableIdentity || *s.disableIndentity
}

func (s *sharedOptions) completeBackoff() {
	if *s.dialerRetries <= 0 {
		*s.dialerRetries = defaultDialerRetries
	}
	setDefault(s.dialerRetryTimeout, defaultDialerRetryTimeout)

	// One bound that is set moves the default of the other; one that is off
	// leaves no pause to bound.
	lowest, highest := *s.minRetryBackoff, *s.maxRetryBackoff
	switch {
	case lowest < 0 || highest < 0:
		lowest, highest = -1, -1
	case lowest == 0 && highest == 0:
		lowest, highest = defaultMinRetryBackoff, defaultMaxRetryBackoff
	case lowest == 0:
		lowest = min(defaultMinRetryBackoff, highest)
	case highest == 0:
		highest = max(defaultMaxRetryBackoff, lowest)
	}
	*s.minRetryBackoff, *s.maxRetryBackoff = lowest, highest
}

func (s *sharedOptions) completePool(connsPerCPU int) {
	setDefault(s.poolSize, connsPerCPU*runtime.GOMAXPROCS(0))
	if *s.maxActiveConns > 0 {
		*s.poolSize = min(*s.poolSize, *s.maxActiveConns)
	}
	*s.minIdleConns = min(*s.minIdleConns, *s.poolSize)
	if *s.maxIdleConns > 0 {
		*s.minIdleConns = min(*s.minIdleConns, *s.maxIdleConns)
	}
	if *s.maxConcurrentDials <= 0 || *s.maxConcurrentDials > *s.poolSize {
		*s.maxConcurrentDials = *s.poolSize
	}
}

// setDefault fills in a setting that is 0, and makes a negative one, which
// means off, -1.
func setDefault[T int | time.Duration](setting *T, value T) {
	switch {
	case *setting == 0:
		*setting = value
	case *setting < 0:
		*setting = -1
	}
}

// normalizeAddr checks a host:port and returns its usual spelling.
func normalizeAddr(addr string) (string, error) {
	// Whoever passes a URL may have put a password into it.
	if at := strings.LastIndexByte(addr, '@'); at >= 0 || strings.Contains(addr, "://") {
		return "", fmt.Errorf("redis: address %q: host:port is wanted here, not a URL or a user name", addr[at+1:])
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		reason := "not of the form host:port"
		var addrErr *net.AddrError
		if errors.As(err, &addrErr) {
			reason = addrErr.Err
		}
		return "", fmt.Errorf("redis: address %q: %s", addr, reason)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", fmt.Errorf("redis: address %q: the port must be a number from 1 to 65535", addr)
	} else {
		port = strconv.FormatUint(n, 10)
	}
	if host == "" {
		host = "localhost"
	}
	if !isHost(host) {
		return "", fmt.Errorf("redis: address %q: the host is neither a name nor an IP address", addr)
	}
	return net.JoinHostPort(host, port), nil
}

// maxHost is how long the name of a host may be, as in DNS.
const maxHost = 255

// isHost tells whether host can be a name or an address. Whether a name is a
// good one is for the resolver to say.
func isHost(host string) bool {
	if len(host) > maxHost {
		return false
	}
	if strings.Contains(host, ":") {
		ip, err := netip.ParseAddr(host)
		return err == nil && isName(ip.Zone())
	}
	return isName(host)
}

func isName(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !letter && r != '-' && r != '_' && r != '.'
	})
}
