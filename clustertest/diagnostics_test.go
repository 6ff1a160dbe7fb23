package clustertest

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMonitor(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2})
	key := keyIn(t, c, 0)
	monitor, client := dial(t, c.Primary(0)), dial(t, c.Primary(0))
	require.Equal(t, "OK", monitor.do("MONITOR"))
	dial(t, c.Primary(1)).do("PING", "elsewhere")
	client.do("AUTH", "secret")
	client.do("ACL", "WHOAMI")
	client.do("set", key, "a \"\\\n\x00é")
	line := regexp.MustCompile(`^(\d+\.\d{6}) \[0 (127\.0\.0\.1:\d+)\] (.*)$`).FindStringSubmatch(fmt.Sprint(monitor.read()))
	require.NotNil(t, line)
	require.Equal(t, client.nc.LocalAddr().String(), line[2])
	require.Equal(t, `"set" "`+key+`" "a \"\\\n\x00\xc3\xa9"`, line[3])

	require.Equal(t, "PONG", dial(t, c.Primary(0)).do("PING"))
	require.Contains(t, monitor.read(), `"PING"`)
	monitor.send("RESET")
	require.Contains(t, monitor.read(), `"RESET"`)
	require.Equal(t, "RESET", monitor.read())
	client.do("PING")
	monitor.silent()
}

func TestACLKnowsTheUser(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1, Username: "app", Password: "secret"})
	client := dial(t, c.Primary(0))
	require.Equal(t, replyError("NOAUTH Authentication required."), client.do("ACL", "WHOAMI"))
	client.do("AUTH", "app", "secret")
	require.Equal(t, "app", client.do("ACL", "WHOAMI"))
	require.Equal(t, []any{"app"}, client.do("ACL", "USERS"))
	require.NotContains(t, fmt.Sprint(client.do("ACL", "LIST"), client.do("ACL", "GETUSER", "app")), "secret")
	require.Nil(t, client.do("ACL", "GETUSER", "other"))
	require.Equal(t, "OK", client.do("ACL", "DRYRUN", "app", "GET", "k"))
	require.Equal(t, replyError("ERR User 'other' not found"), client.do("ACL", "DRYRUN", "other", "GET", "k"))
	require.Len(t, client.do("ACL", "GENPASS"), 64)
	require.Len(t, client.do("ACL", "GENPASS", "5"), 2)
}
