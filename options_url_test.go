package redis

import (
	"crypto/tls"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"
)

func TestParseURL(t *testing.T) {
	t.Parallel()
	tests := []struct {
		url  string
		want Options
	}{
		{"redis://", Options{Addr: "localhost:6379"}},
		{"redis:///2", Options{Addr: "localhost:6379", DB: 2}},
		{"redis://redis.example", Options{Addr: "redis.example:6379"}},
		{"redis://:7000", Options{Addr: "localhost:7000"}},
		{"redis://10.0.0.1:7000/", Options{Addr: "10.0.0.1:7000"}},
		{"redis://12345", Options{Addr: "12345:6379"}},
		{"REDIS://redis.example/1", Options{Addr: "redis.example:6379", DB: 1}},
		{"redis://redis.example/1?db=4", Options{Addr: "redis.example:6379", DB: 4}},
		{"redis://redis.example/1?db=0", Options{Addr: "redis.example:6379"}},
		{"redis://redis.example/1?db=", Options{Addr: "redis.example:6379", DB: 1}},
		{"redis://[::1]", Options{Addr: "[::1]:6379"}},
		{"redis://[2001:db8::1]:7000/2", Options{Addr: "[2001:db8::1]:7000", DB: 2}},
		{"redis://[fe80::1%25eth0]:7000", Options{Addr: "[fe80::1%eth0]:7000"}},
		{"redis://joe@redis.example", Options{Addr: "redis.example:6379", Username: "joe"}},
		{"redis://:pw@redis.example", Options{Addr: "redis.example:6379", Password: "pw"}},
		{"redis://joe:p%40%2F%3F%23%25@redis.example", Options{Addr: "redis.example:6379", Username: "joe", Password: "p@/?#%"}},
		{"redis://redis.example?read_timeout=2&pool_fifo=1", Options{Addr: "redis.example:6379", ReadTimeout: 2 * time.Second, PoolFIFO: true}},
		{"redis://redis.example?conn_max_idle_time", Options{Addr: "redis.example:6379"}},
		{"redis://redis.example?idle_timeout=5&max_conn_age=6", Options{
			Addr:        "redis.example:6379",
			IdleTimeout: 5 * time.Second, ConnMaxIdleTime: 5 * time.Second,
			MaxConnAge: 6 * time.Second, ConnMaxLifetime: 6 * time.Second,
		}},
		{"redis://redis.example?idle_timeout=5&conn_max_idle_time=7", Options{
			Addr: "redis.example:6379", IdleTimeout: 5 * time.Second, ConnMaxIdleTime: 7 * time.Second,
		}},
		{"rediss://redis.example/3", Options{
			Addr: "redis.example:6379", DB: 3, TLSConfig: &tls.Config{ServerName: "redis.example", MinVersion: tls.VersionTLS12},
		}},
		{"rediss://[::1]:7000?skip_verify=true", Options{
			Addr:      "[::1]:7000",
			TLSConfig: &tls.Config{ServerName: "::1", MinVersion: tls.VersionTLS12, InsecureSkipVerify: true},
		}},
		{"rediss://redis.example?skip_verify=0", Options{
			Addr: "redis.example:6379", TLSConfig: &tls.Config{ServerName: "redis.example", MinVersion: tls.VersionTLS12},
		}},
		{"unix:///run/redis.sock", Options{Network: "unix", Addr: "/run/redis.sock"}},
		{"unix://joe:pw@/run/redis.sock?db=3&max_retries=-1", Options{
			Network: "unix", Addr: "/run/redis.sock", DB: 3, MaxRetries: -1, Username: "joe", Password: "pw",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.url, func(t *testing.T) {
			t.Parallel()
			if tt.want.Network == "" {
				tt.want.Network = "tcp"
			}
			got, err := ParseURL(tt.url)
			require.NoError(t, err)
			require.Equal(t, &tt.want, got)
		})
	}
}

func TestParseClusterURL(t *testing.T) {
	t.Parallel()
	tests := []struct {
		url  string
		want ClusterOptions
	}{
		{"redis://", ClusterOptions{Addrs: []string{"localhost:6379"}}},
		{"redis://cfg.example", ClusterOptions{Addrs: []string{"cfg.example:6379"}}},
		{"redis://cfg.example:7000/", ClusterOptions{Addrs: []string{"cfg.example:7000"}}},
		{"redis://cfg.example/0", ClusterOptions{Addrs: []string{"cfg.example:6379"}}},
		{"redis://a.example:1?addr=&addr=b.example:2&addr", ClusterOptions{Addrs: []string{"a.example:1", "b.example:2"}}},
		{"redis://[::1]:7000?addr=[::1]:7001", ClusterOptions{Addrs: []string{"[::1]:7000", "[::1]:7001"}}},
		{"redis://a.example:1?addr=c.example:3&addr=b.example:2", ClusterOptions{
			Addrs: []string{"a.example:1", "c.example:3", "b.example:2"},
		}},
		{"redis://joe:p%40ss@a.example:1?read_timeout=2&addr=b.example:2&read_only=true", ClusterOptions{
			Addrs: []string{"a.example:1", "b.example:2"}, Username: "joe", Password: "p@ss",
			ReadTimeout: 2 * time.Second, ReadOnly: true,
		}},
		{"redis://:pw@a.example", ClusterOptions{Addrs: []string{"a.example:6379"}, Password: "pw"}},
		{"redis://joe@a.example", ClusterOptions{Addrs: []string{"a.example:6379"}, Username: "joe"}},
		{"redis://a.example?idle_timeout=-1", ClusterOptions{Addrs: []string{"a.example:6379"}, IdleTimeout: -1, ConnMaxIdleTime: -1}},
		{"rediss://a.example", ClusterOptions{
			Addrs: []string{"a.example:6379"}, TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		}},
		{"rediss://a.example?skip_verify=1", ClusterOptions{
			Addrs: []string{"a.example:6379"}, TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.url, func(t *testing.T) {
			t.Parallel()
			got, err := ParseClusterURL(tt.url)
			require.NoError(t, err)
			require.Equal(t, &tt.want, got)
		})
	}
}

// urlParameters has a row for each field that a query parameter sets.
var urlParameters = []struct {
	param string
	value string
	field string
	want  any
}{
	{"client_name", "billing", "ClientName", "billing"},
	{"cluster_state_reload_interval", "90", "ClusterStateReloadInterval", 90 * time.Second},
	{"conn_max_idle_time", "5m", "ConnMaxIdleTime", 5 * time.Minute},
	{"conn_max_lifetime", "11h", "ConnMaxLifetime", 11 * time.Hour},
	{"conn_max_lifetime_jitter", "30m", "ConnMaxLifetimeJitter", 30 * time.Minute},
	{"context_timeout_enabled", "true", "ContextTimeoutEnabled", true},
	{"db", "7", "DB", 7},
	{"dial_timeout", "1s500ms", "DialTimeout", 1500 * time.Millisecond},
	{"dialer_retries", "8", "DialerRetries", 8},
	{"dialer_retry_timeout", "50ms", "DialerRetryTimeout", 50 * time.Millisecond},
	{"disable_identity", "1", "DisableIdentity", true},
	{"disable_indentity", "true", "DisableIndentity", true},
	{"failing_timeout_seconds", "4", "FailingTimeoutSeconds", 4},
	{"failover_timeout", "-1", "FailoverTimeout", time.Duration(-1)},
	{"identity_suffix", "eu-1", "IdentitySuffix", "eu-1"},
	{"idle_check_frequency", "20s", "IdleCheckFrequency", 20 * time.Second},
	{"idle_timeout", "7m", "IdleTimeout", 7 * time.Minute},
	{"max_active_conns", "40", "MaxActiveConns", 40},
	{"max_concurrent_dials", "3", "MaxConcurrentDials", 3},
	{"max_conn_age", "12h", "MaxConnAge", 12 * time.Hour},
	{"max_idle_conns", "12", "MaxIdleConns", 12},
	{"max_redirects", "6", "MaxRedirects", 6},
	{"max_retries", "-1", "MaxRetries", -1},
	{"max_retry_backoff", "1s", "MaxRetryBackoff", time.Second},
	{"min_idle_conns", "2", "MinIdleConns", 2},
	{"min_retry_backoff", "20ms", "MinRetryBackoff", 20 * time.Millisecond},
	{"pool_fifo", "true", "PoolFIFO", true},
	{"pool_size", "10", "PoolSize", 10},
	{"pool_timeout", "0s", "PoolTimeout", time.Duration(-1)},
	{"protocol", "2", "Protocol", 2},
	{"read_buffer_size", "4096", "ReadBufferSize", 4096},
	{"max_reply_size", "-1", "MaxReplySize", -1},
	{"read_only", "1", "ReadOnly", true},
	{"read_timeout", "250ms", "ReadTimeout", 250 * time.Millisecond},
	{"retry_writes_in_doubt", "true", "RetryWritesInDoubt", true},
	{"route_by_latency", "true", "RouteByLatency", true},
	{"route_by_latency_tolerance", "2ms", "RouteByLatencyTolerance", 2 * time.Millisecond},
	{"route_randomly", "1", "RouteRandomly", true},
	{"suspect_after", "300ms", "SuspectAfter", 300 * time.Millisecond},
	{"unstable_resp3", "1", "UnstableResp3", true},
	{"write_buffer_size", "65536", "WriteBufferSize", 65536},
	{"write_timeout", "0", "WriteTimeout", time.Duration(-1)},
}

// parseAs parses a URL into options of the type given.
func parseAs(options reflect.Type, rawURL string) (reflect.Value, error) {
	if options == reflect.TypeFor[ClusterOptions]() {
		o, err := ParseClusterURL(rawURL)
		return reflect.ValueOf(o).Elem(), err
	}
	o, err := ParseURL(rawURL)
	return reflect.ValueOf(o).Elem(), err
}

var optionTypes = []reflect.Type{reflect.TypeFor[ClusterOptions](), reflect.TypeFor[Options]()}

func TestURLParameters(t *testing.T) {
	t.Parallel()
	synonyms := map[string]string{
		"IdleTimeout": "ConnMaxIdleTime", "MaxConnAge": "ConnMaxLifetime", "DisableIndentity": "DisableIdentity",
	}
	for _, tt := range urlParameters {
		t.Run(tt.param, func(t *testing.T) {
			t.Parallel()
			for _, options := range optionTypes {
				if _, has := options.FieldByName(tt.field); !has {
					_, err := parseAs(options, "redis://h?"+tt.param+"="+tt.value)
					require.EqualError(t, err, fmt.Sprintf("redis: unknown parameters in the URL: [%q]", tt.param))
					continue
				}
				got, err := parseAs(options, "redis://h?"+tt.param+"="+tt.value)
				require.NoError(t, err)
				require.Equal(t, tt.want, got.FieldByName(tt.field).Interface())

				got.FieldByName(tt.field).SetZero()
				if v9 := synonyms[tt.field]; v9 != "" {
					require.Equal(t, tt.want, got.FieldByName(v9).Interface())
					got.FieldByName(v9).SetZero()
				}
				untouched, err := parseAs(options, "redis://h?"+tt.param+"=")
				require.NoError(t, err)
				require.Equal(t, untouched.Interface(), got.Interface(), "no other field of %s may change", options)
			}
		})
	}
}

func TestURLParametersAreRefused(t *testing.T) {
	t.Parallel()
	wanted := map[reflect.Kind]string{
		reflect.Bool:  "true, 1, false or 0",
		reflect.Int:   "a whole number",
		reflect.Int64: "a duration such as 300ms, or a number of seconds",
	}
	for _, tt := range urlParameters {
		t.Run(tt.param, func(t *testing.T) {
			t.Parallel()
			for _, options := range optionTypes {
				field, has := options.FieldByName(tt.field)
				if !has {
					continue
				}
				_, err := parseAs(options, "redis://h?"+tt.param+"="+tt.value+"&"+tt.param+"="+tt.value)
				require.EqualError(t, err, "redis: parameter "+tt.param+" is given 2 times in the URL")
				if field.Type.Kind() == reflect.String {
					continue
				}
				for _, bad := range []string{"five", "yes", "1.5", "99999999999999999999", "10%20s"} {
					_, err = parseAs(options, "redis://h?"+tt.param+"="+bad)
					require.EqualError(t, err, "redis: parameter "+tt.param+" of the URL must be "+wanted[field.Type.Kind()], bad)
				}
			}
		})
	}
}

// snakeCase follows the rule that ParseURL documents.
func snakeCase(field string) string {
	var b strings.Builder
	runes := []rune(field)
	for i, r := range runes {
		afterLower := i > 0 && unicode.IsLower(runes[i-1])
		lastOfAcronym := i > 0 && i+1 < len(runes) && unicode.IsLower(runes[i+1])
		if unicode.IsUpper(r) && (afterLower || lastOfAcronym) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// Fields added later must get a parameter too, and a row above.
func TestEveryScalarFieldHasAURLParameter(t *testing.T) {
	t.Parallel()
	elsewhere := []string{"Network", "Addr", "NodeAddress", "Username", "Password"}
	scalars := []reflect.Kind{reflect.Bool, reflect.Int, reflect.Int64, reflect.String}
	known := map[reflect.Type]map[string]any{
		optionTypes[0]: new(ClusterOptions).params(),
		optionTypes[1]: new(Options).params(),
	}
	for options, params := range known {
		fields := 0
		for i := range options.NumField() {
			field := options.Field(i)
			if !field.IsExported() || slices.Contains(elsewhere, field.Name) || !slices.Contains(scalars, field.Type.Kind()) {
				continue
			}
			fields++
			param := snakeCase(field.Name)
			require.Contains(t, params, param, "%s.%s", options, field.Name)
			require.True(t, slices.ContainsFunc(urlParameters, func(row struct {
				param string
				value string
				field string
				want  any
			}) bool {
				return row.param == param && row.field == field.Name
			}), "%s needs a row in urlParameters", param)
		}
		require.Len(t, params, fields)
	}
}

func TestParseURLDurations(t *testing.T) {
	t.Parallel()
	tests := []struct {
		value string
		want  time.Duration
	}{
		{"", 0},
		{"3", 3 * time.Second},
		{"3s", 3 * time.Second},
		{"1m30s", 90 * time.Second},
		{"1.5s", 1500 * time.Millisecond},
		{"1ns", 1},
		{"0", -1},
		{"0s", -1},
		{"-1", -1},
		{"-2", -1},
		{"-5s", -1},
		{"-9223372036854775808", -1},
		{"9223372036", 9223372036 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.value, func(t *testing.T) {
			t.Parallel()
			o, err := ParseURL("redis://h?conn_max_idle_time=" + tt.value)
			require.NoError(t, err)
			require.Equal(t, tt.want, o.ConnMaxIdleTime)
		})
	}
	_, err := ParseURL("redis://h?dial_timeout=9223372037")
	require.EqualError(t, err, "redis: parameter dial_timeout of the URL must be a duration such as 300ms, or a number of seconds")
}

func TestParseURLErrors(t *testing.T) {
	t.Parallel()
	const (
		malformed = "redis: the URL is malformed; user name and password must be percent-encoded"
		scheme    = "redis: the scheme of the URL must be redis, rediss or unix"
		clusters  = "redis: the scheme of a cluster URL must be redis or rediss"
		path      = "redis: the path of the URL must be the number of a database"
		noPath    = "redis: a cluster URL has no path: a cluster client uses database 0"
		socket    = "redis: a unix URL needs the full path of a socket: unix:///path/to/redis.sock"
		query     = "redis: the query of the URL is malformed"
		idle      = "redis: MinIdleConns is -1: it must not be negative"
	)
	tests := []struct {
		url     string
		node    string
		cluster string
	}{
		{"", scheme, clusters},
		{"12345", scheme, clusters},
		{"http://redis.example", scheme, clusters},
		{"redis:redis.example", malformed, malformed},
		{"redis.example:6379", malformed, malformed},
		{"redis://a b", malformed, malformed},
		{"redis://redis.example:port", malformed, malformed},
		{"redis://redis.example:6379#1", malformed, malformed},
		{"redis://redis.example\n", malformed, malformed},
		{"redis://redis.example/1", "", noPath},
		{"redis://redis.example/one", path, noPath},
		{"redis://redis.example/1/2", path, noPath},
		{"redis://redis.example/-1", path, noPath},
		{"redis://redis.example/99999999999", path, noPath},
		{"redis://redis.example?db=-1", "redis: DB is -1: there is no such database", `redis: unknown parameters in the URL: ["db"]`},
		{"redis://redis.example?db=1&db=2", "redis: parameter db is given 2 times in the URL", `redis: unknown parameters in the URL: ["db"]`},
		{"redis://redis.example:0", `redis: address "redis.example:0": the port must be a number from 1 to 65535`, `redis: address "redis.example:0": the port must be a number from 1 to 65535`},
		{"redis://a,b", `redis: address "a,b:6379": the host is neither a name nor an IP address`, `redis: address "a,b:6379": the host is neither a name nor an IP address`},
		{"redis://redis.example?a;b", query, query},
		{"redis://redis.example?a=%zz", query, query},
		{"redis://h?wrte_timeout=1&abc=2", `redis: unknown parameters in the URL: ["abc" "wrte_timeout"]`, `redis: unknown parameters in the URL: ["abc" "wrte_timeout"]`},
		{"redis://h?username=joe", `redis: unknown parameters in the URL: ["username"]`, `redis: unknown parameters in the URL: ["username"]`},
		{"redis://h?skip_verify=1", `redis: unknown parameters in the URL: ["skip_verify"]`, `redis: unknown parameters in the URL: ["skip_verify"]`},
		{"rediss://h?skip_verify=yes", "redis: parameter skip_verify of the URL must be true, 1, false or 0", "redis: parameter skip_verify of the URL must be true, 1, false or 0"},
		{"redis://h?min_idle_conns=-1", idle, idle},
		{"redis://h?protocol=4", "redis: Protocol is 4: it must be 2 or 3", "redis: Protocol is 4: it must be 2 or 3"},
		{"redis://h?addr=b", `redis: unknown parameters in the URL: ["addr"]`, `redis: address "b": missing port in address`},
		{"redis://h?addr=redis://b:1", `redis: unknown parameters in the URL: ["addr"]`, `redis: address "redis://b:1": host:port is wanted here, not a URL or a user name`},
		{"unix://", socket, clusters},
		{"unix://run/redis.sock", socket, clusters},
		{"unix:///run/redis.sock?db=x", "redis: parameter db of the URL must be a whole number", clusters},
	}
	for _, tt := range tests {
		t.Run(tt.url, func(t *testing.T) {
			t.Parallel()
			o, err := ParseURL(tt.url)
			if tt.node == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, tt.node)
				require.Nil(t, o)
			}
			cluster, err := ParseClusterURL(tt.url)
			require.EqualError(t, err, tt.cluster)
			require.Nil(t, cluster)
		})
	}
}

// Whatever somebody forgot to encode, errors do not tell it to the log.
func TestParseURLErrorsKeepPasswords(t *testing.T) {
	t.Parallel()
	const secret = "hunter"
	tests := []string{
		"redis://joe:hunter2@redis.example:port",
		"redis://joe:hunter2@redis.example/database",
		"redis://joe:hunter2@redis.example?abc=1",
		"redis://joe:hunter2@redis.example?pool_size=five",
		"redis://joe:hunter2@redis.example#",
		"redis://joe:hunter2@redis.example#1",
		"redis://joe:hunter/2@redis.example",
		"redis://joe:1/hunter@redis.example",
		"redis://joe:hunter#2@redis.example",
		"redis://joe:1#hunter@redis.example",
		"redis://joe:hunter?2@redis.example",
		"redis://joe:1?hunter@redis.example",
		"redis://joe:1?hunter=2@redis.example",
		"redis://joe:1?pool_size=hunter@redis.example",
		"redis://joe:hunter%2@redis.example",
		"redis://joe:%hunter@redis.example",
		"redis://joe:[hunter@redis.example",
		"redis://joe:hunter 2@redis.example:1:2",
		"redis:joe:hunter2@redis.example",
		"joe:hunter2@redis.example:6379",
		":hunter2@redis.example:6379",
		"http://joe:hunter2@redis.example",
		"unix://joe:hunter2@",
		"unix://joe:hunter2@run/redis.sock",
		"redis://redis.example?addr=redis://joe:hunter2@redis.example:1",
		"redis://redis.example?addr=joe:hunter2@redis.example",
	}
	for _, rawURL := range tests {
		t.Run(rawURL, func(t *testing.T) {
			t.Parallel()
			if _, err := ParseURL(rawURL); err != nil {
				require.NotContains(t, err.Error(), secret)
			}
			_, err := ParseClusterURL(rawURL)
			if strings.HasSuffix(rawURL, "#") {
				require.NoError(t, err) // an empty fragment is none
				return
			}
			require.Error(t, err)
			require.NotContains(t, err.Error(), secret)
		})
	}
}

// renderClusterURL writes options as a URL, by way of the table of parameters.
func renderClusterURL(o *ClusterOptions) string {
	u := url.URL{Scheme: "redis", Host: o.Addrs[0], User: url.UserPassword(o.Username, o.Password)}
	query := url.Values{"addr": o.Addrs[1:]}
	if o.TLSConfig != nil {
		u.Scheme = "rediss"
		query.Set("skip_verify", strconv.FormatBool(o.TLSConfig.InsecureSkipVerify))
	}
	for name, setting := range o.params() {
		if v := reflect.ValueOf(setting).Elem(); !v.IsZero() {
			query.Set(name, fmt.Sprint(v.Interface()))
		}
	}
	u.RawQuery = query.Encode()
	return u.String()
}

func FuzzParseClusterURL(f *testing.F) {
	for _, seed := range []string{
		"redis://", "redis://h", "rediss://joe:p%40ss@h:1?addr=[::1]:2&addr=:3&skip_verify=1",
		"redis://[fe80::1%25eth0]:7000?read_only=1&read_timeout=0&dial_timeout=1h", "redis://h/0?a;b", "redis://h:0",
		"redis://h?client_name=%20", "redis://h?pool_size=-1", "redis://h?idle_timeout=3&max_conn_age=-1", "redis:h#x", "%",
		"redis://%C3%A9?min_retry_backoff=2s&max_retry_backoff=1s", "unix:///run/redis.sock", "redis://h?protocol=2&db=1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		const secret = "correct-horse"
		if _, err := ParseClusterURL("redis://joe:" + secret + "@" + raw); err != nil {
			require.NotContains(t, err.Error(), secret)
		}

		o, err := ParseClusterURL(raw)
		if err != nil {
			require.Nil(t, o)
			require.True(t, strings.HasPrefix(err.Error(), "redis: "), err.Error())
			return
		}
		once, err := o.withDefaults()
		require.NoError(t, err)
		twice, err := once.withDefaults()
		require.NoError(t, err)
		require.Equal(t, once, twice)

		again, err := ParseClusterURL(renderClusterURL(o))
		require.NoError(t, err)
		require.Equal(t, o, again)
	})
}

func FuzzParseURL(f *testing.F) {
	for _, seed := range []string{
		"redis://", "rediss://joe:pw@h:1/2?db=3", "unix:///run/redis.sock?db=1", "unix://a@/b", "redis://h/1/2", "redis://[::1]/?x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		o, err := ParseURL(raw)
		if err != nil {
			require.Nil(t, o)
			require.True(t, strings.HasPrefix(err.Error(), "redis: "), err.Error())
			return
		}
		once, err := o.withDefaults()
		require.NoError(t, err)
		require.NotEmpty(t, once.Addr)
		require.GreaterOrEqual(t, once.DB, 0)
	})
}
