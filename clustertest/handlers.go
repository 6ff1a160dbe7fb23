package clustertest

// handlers are the commands that the front answers itself, or changes before
// miniredis sees them. All others go through conn.routed.
var handlers = map[string]func(c *conn, args []string){
	"ASKING":    cmdAsking,
	"AUTH":      cmdAuth,
	"CLIENT":    cmdClient,
	"CLUSTER":   cmdCluster,
	"COMMAND":   cmdCommand,
	"CONFIG":    cmdConfig,
	"HELLO":     cmdHello,
	"INFO":      cmdInfo,
	"PING":      cmdPing,
	"QUIT":      cmdQuit,
	"READONLY":  cmdReadonly,
	"READWRITE": cmdReadwrite,
	"RESET":     cmdReset,
	"ROLE":      cmdRole,
	"WAIT":      cmdWait,

	"COPY":     cmdCopy,
	"FLUSHALL": cmdFlushAll,
	"FLUSHDB":  cmdFlushAll,
	"MOVE":     cmdNotInCluster,
	"SCAN":     cmdScan,
	"SELECT":   cmdSelect,
	"SWAPDB":   cmdNotInCluster,

	"DISCARD": cmdDiscard,
	"EXEC":    cmdExec,
	"MULTI":   cmdMulti,

	"EVAL":       cmdEval,
	"EVALSHA":    cmdEvalSHA,
	"EVALSHA_RO": cmdEvalSHA,
	"EVAL_RO":    cmdEval,
	"SCRIPT":     cmdScript,

	"PSUBSCRIBE":   cmdPSubscribe,
	"PUBLISH":      cmdPublish,
	"PUBSUB":       cmdPubSub,
	"PUNSUBSCRIBE": cmdPUnsubscribe,
	"SPUBLISH":     cmdSPublish,
	"SSUBSCRIBE":   cmdSSubscribe,
	"SUBSCRIBE":    cmdSubscribe,
	"SUNSUBSCRIBE": cmdSUnsubscribe,
	"UNSUBSCRIBE":  cmdUnsubscribe,
}
