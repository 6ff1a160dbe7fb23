package redis

import (
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"math"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ParseURL reads the options of a [Client] from a URL of one of the forms
//
//	redis://user:password@host:port/db
//	rediss://user:password@host:port/db
//	unix://user:password@/path/to/redis.sock?db=1
//
// where rediss means TLS and everything but scheme and socket path may be left
// out: the host is localhost by default, the port 6379, the database 0.
// Characters with a meaning in URLs have to be percent-encoded in user name and
// password, as url.UserPassword does.
//
// Query parameters set further fields of [Options], under the field's name in
// snake case: max_retries for MaxRetries, pool_fifo for PoolFIFO. Every field
// of type bool, int, string or time.Duration has one, except NodeAddress and those
// that the URL has another place for; db wins over the number in the path. In addition,
// skip_verify sets InsecureSkipVerify of a rediss URL.
//
// A duration is written as in Go (300ms, 1h30m) or as a number of seconds; 0 or
// less switches off what the field's documentation lets be switched off with
// -1. A boolean is true, 1, false or 0. A parameter without a value stands for
// the default. Unknown parameters, repeated ones and values that do not parse
// are errors, and so is what [NewClient] would refuse. Errors never quote user
// name or password.
func ParseURL(redisURL string) (*Options, error) {
	u, err := parseRedisURL(redisURL)
	if err != nil {
		return nil, err
	}
	o := &Options{}
	o.Username, o.Password = userPassword(u)
	switch u.Scheme {
	case "redis", "rediss":
		err = o.fromTCP(u)
	case "unix":
		err = o.fromUnix(u)
	default:
		err = errors.New("redis: the scheme of the URL must be redis, rediss or unix")
	}
	if err != nil {
		return nil, err
	}
	if err := setParams(u, o.params(), o.TLSConfig); err != nil {
		return nil, err
	}
	o.shared().resolveSynonyms()
	if _, err := o.withDefaults(); err != nil {
		return nil, err
	}
	return o, nil
}

func (o *Options) fromTCP(u *url.URL) error {
	o.Network = "tcp"
	host, port := hostPort(u)
	o.Addr = net.JoinHostPort(host, port)
	if u.Scheme == "rediss" {
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	}
	db := strings.Trim(u.Path, "/")
	if db == "" {
		return nil
	}
	n, err := strconv.ParseUint(db, 10, 31)
	if err != nil {
		return errors.New("redis: the path of the URL must be the number of a database")
	}
	o.DB = int(n)
	return nil
}

func (o *Options) fromUnix(u *url.URL) error {
	if u.Host != "" || u.Path == "" {
		return errors.New("redis: a unix URL needs the full path of a socket: unix:///path/to/redis.sock")
	}
	o.Network = "unix"
	o.Addr = u.Path
	return nil
}

// ParseClusterURL reads the options of a [ClusterClient] from a URL of the form
//
//	redis://user:password@host:port?addr=host2:port2&addr=host3:port3
//
// or the same with rediss, which means TLS. Each addr parameter adds a node to
// ask for the cluster's map; none is needed. Host and port are localhost and
// 6379 when they are left out. There is no database to choose.
//
// The other parameters are those of [ParseURL] without db, and one for each
// further field of [ClusterOptions], such as max_redirects, read_only or
// failover_timeout. The rules are those of ParseURL.
//
// With rediss each node has to prove its own host name; ServerName stays empty.
func ParseClusterURL(redisURL string) (*ClusterOptions, error) {
	u, err := parseRedisURL(redisURL)
	if err != nil {
		return nil, err
	}
	o := &ClusterOptions{Addrs: []string{net.JoinHostPort(hostPort(u))}}
	o.Username, o.Password = userPassword(u)
	switch u.Scheme {
	case "redis":
	case "rediss":
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	default:
		return nil, errors.New("redis: the scheme of a cluster URL must be redis or rediss")
	}
	if db := strings.Trim(u.Path, "/"); db != "" && db != "0" {
		return nil, errors.New("redis: a cluster URL has no path: a cluster client uses database 0")
	}
	params := o.params()
	params["addr"] = &o.Addrs
	if err := setParams(u, params, o.TLSConfig); err != nil {
		return nil, err
	}
	o.shared().resolveSynonyms()
	if _, err := o.withDefaults(); err != nil {
		return nil, err
	}
	return o, nil
}

// params is the table of query parameters that both kinds of URL know.
func (s *sharedOptions) params() map[string]any {
	return map[string]any{
		"client_name":              s.clientName,
		"conn_max_idle_time":       s.connMaxIdleTime,
		"conn_max_lifetime":        s.connMaxLifetime,
		"conn_max_lifetime_jitter": s.connMaxLifetimeJitter,
		"context_timeout_enabled":  s.contextTimeoutEnabled,
		"dial_timeout":             s.dialTimeout,
		"dialer_retries":           s.dialerRetries,
		"dialer_retry_timeout":     s.dialerRetryTimeout,
		"disable_identity":         s.disableIdentity,
		"disable_indentity":        s.disableIndentity,
		"failing_timeout_seconds":  s.failingTimeoutSeconds,
		"identity_suffix":          s.identitySuffix,
		"idle_check_frequency":     s.idleCheckFrequency,
		"idle_timeout":             s.idleTimeout,
		"max_active_conns":         s.maxActiveConns,
		"max_concurrent_dials":     s.maxConcurrentDials,
		"max_conn_age":             s.maxConnAge,
		"max_idle_conns":           s.maxIdleConns,
		"max_retries":              s.maxRetries,
		"max_retry_backoff":        s.maxRetryBackoff,
		"min_idle_conns":           s.minIdleConns,
		"min_retry_backoff":        s.minRetryBackoff,
		"pool_fifo":                s.poolFIFO,
		"pool_size":                s.poolSize,
		"pool_timeout":             s.poolTimeout,
		"protocol":                 s.protocol,
		"read_buffer_size":         s.readBufferSize,
		"max_reply_size":           s.maxReplySize,
		"read_timeout":             s.readTimeout,
		"retry_writes_in_doubt":    s.retryWritesInDoubt,
		"unstable_resp3":           s.unstableResp3,
		"write_buffer_size":        s.writeBufferSize,
		"write_timeout":            s.writeTimeout,
	}
}

// params adds the parameter that only the URL of a single server knows.
func (o *Options) params() map[string]any {
	params := o.shared().params()
	params["db"] = &o.DB
	return params
}

// params adds the parameters that only a cluster URL knows.
func (o *ClusterOptions) params() map[string]any {
	params := o.shared().params()
	maps.Copy(params, map[string]any{
		"cluster_state_reload_interval": &o.ClusterStateReloadInterval,
		"failover_timeout":              &o.FailoverTimeout,
		"max_redirects":                 &o.MaxRedirects,
		"read_only":                     &o.ReadOnly,
		"route_by_latency":              &o.RouteByLatency,
		"route_by_latency_tolerance":    &o.RouteByLatencyTolerance,
		"route_randomly":                &o.RouteRandomly,
		"suspect_after":                 &o.SuspectAfter,
	})
	return params
}

// setParams stores the query of u through the pointers in params, which it
// holds by parameter name. A pointer to a list takes a parameter any number of
// times.
func setParams(u *url.URL, params map[string]any, tlsConfig *tls.Config) error {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return errors.New("redis: the query of the URL is malformed")
	}
	if tlsConfig != nil {
		params["skip_verify"] = &tlsConfig.InsecureSkipVerify
	}
	names := slices.Sorted(maps.Keys(query))
	unknown := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return params[name] != nil })
	switch {
	case len(unknown) == 0:
	case strings.Contains(u.RawQuery, "@"):
		// A password with a bare '?' in it ends up here, and must not be quoted.
		return errMalformedURL
	default:
		return fmt.Errorf("redis: unknown parameters in the URL: %q", unknown)
	}
	for _, name := range names {
		values := query[name]
		if list, ok := params[name].(*[]string); ok {
			*list = append(*list, slices.DeleteFunc(values, func(value string) bool { return value == "" })...)
			continue
		}
		if len(values) > 1 {
			return fmt.Errorf("redis: parameter %s is given %d times in the URL", name, len(values))
		}
		if err := setParam(params[name], values[0]); err != nil {
			return fmt.Errorf("redis: parameter %s of the URL must be %w", name, err)
		}
	}
	return nil
}

// setParam stores a value. Its errors say what would have been right.
func setParam(setting any, value string) error {
	if value == "" {
		return nil
	}
	var err error
	switch setting := setting.(type) {
	case *string:
		*setting = value
	case *bool:
		*setting, err = parseBool(value)
	case *int:
		if *setting, err = strconv.Atoi(value); err != nil {
			err = errors.New("a whole number")
		}
	case *time.Duration:
		*setting, err = parseDuration(value)
	default:
		err = fmt.Errorf("of a known type, not %T", setting)
	}
	return err
}

func parseBool(value string) (bool, error) {
	switch value {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, errors.New("true, 1, false or 0")
}

// parseDuration returns -1, "off", for anything that is not positive.
func parseDuration(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err != nil {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil || seconds > int64(math.MaxInt64/time.Second) {
			return 0, errors.New("a duration such as 300ms, or a number of seconds")
		}
		d = time.Duration(max(seconds, 0)) * time.Second
	}
	if d <= 0 {
		d = -1
	}
	return d, nil
}

var errMalformedURL = errors.New("redis: the URL is malformed; user name and password must be percent-encoded")

// parseRedisURL keeps what net/url says about a malformed URL to itself: that
// may quote the part of the URL with the password in it.
func parseRedisURL(redisURL string) (*url.URL, error) {
	u, err := url.Parse(redisURL)
	if err != nil || u.Opaque != "" || u.Fragment != "" {
		return nil, errMalformedURL
	}
	return u, nil
}

func userPassword(u *url.URL) (username, password string) {
	password, _ = u.User.Password()
	return u.User.Username(), password
}

func hostPort(u *url.URL) (host, port string) {
	host, port = u.Hostname(), u.Port()
	if host == "" {
		host = "localhost"
	}
	if port == "" {
		port = "6379"
	}
	return host, port
}
