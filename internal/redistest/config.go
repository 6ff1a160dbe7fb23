package redistest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// redisConf is the configuration file of one server.
func redisConf(o Options, port int, hostname string, cluster bool) string {
	conf := map[string]string{
		"bind":                     loopback,
		"protected-mode":           "no",
		"save":                     `""`,
		"appendonly":               "no",
		"enable-debug-command":     "yes",
		"repl-diskless-sync":       "yes",
		"repl-diskless-sync-delay": "0",
		// A replica is listed once it has an offset to tell of, which the
		// first ping of its primary gives it.
		"repl-ping-replica-period": "1",
	}
	if cluster {
		conf["cluster-enabled"] = "yes"
		conf["cluster-config-file"] = "nodes.conf"
		conf["cluster-node-timeout"] = strconv.FormatInt(o.NodeTimeout.Milliseconds(), 10)
		if o.FullCoverage != nil {
			conf["cluster-require-full-coverage"] = yesNo(*o.FullCoverage)
		}
		if o.Hostnames {
			conf["cluster-announce-hostname"] = hostname
			conf["cluster-preferred-endpoint-type"] = "hostname"
		}
	}
	if o.TLS {
		conf["port"], conf["tls-port"] = "0", strconv.Itoa(port)
		conf["tls-ca-cert-file"] = "ca.crt"
		conf["tls-cert-file"] = "node.crt"
		conf["tls-key-file"] = "node.key"
		conf["tls-auth-clients"] = "no"
		conf["tls-replication"] = "yes"
		conf["tls-cluster"] = yesNo(cluster)
	} else {
		conf["port"] = strconv.Itoa(port)
	}
	if o.Password != "" {
		conf["requirepass"], conf["masterauth"] = quote(o.Password), quote(o.Password)
	}
	if o.Username != "" && o.Username != "default" {
		conf["user"] = fmt.Sprintf("%s on %s ~* &* +@all", quote(o.Username), quote(">"+o.Password))
	}
	maps.Copy(conf, o.Config)

	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(conf)) {
		fmt.Fprintf(&b, "%s %s\n", name, conf[name])
	}
	return b.String()
}

func yesNo(v bool) string {
	if v {
		return "yes"
	}
	return "no"
}

// quote writes s as one word of redis.conf, whatever bytes it holds.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
