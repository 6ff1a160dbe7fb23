package redis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/seed-e06f3def/rediscluster/internal/cmdinfo"
	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// Cmder is a command and, once it was processed, its reply. Every result type
// of this package implements it; nothing else can.
//
// A Cmder belongs to one goroutine at a time.
type Cmder interface {
	// Name is the command's name in lower case: "get", "cluster".
	Name() string
	// FullName is the name with the sub-command of those that have one:
	// "cluster info".
	FullName() string
	// Args are the name and the arguments, derived when asked: integers as
	// int64 or uint64, floating-point numbers as float64, everything else as
	// string, []byte or bool. A [Hook] of the client that the command was given to
	// may replace one of them before it calls next, which changes what is sent.
	Args() []any
	// String shows the command and its result for logs and tests: the first 64
	// arguments with 64 bytes of each, and 512 bytes of the result. Passwords, as of
	// AUTH, HELLO, ACL SETUSER, CONFIG SET and MIGRATE, it does not show.
	String() string
	// SetFirstKeyPos tells where the first key stands in Args, for a command
	// that the command table does not know. 0 means that there is none.
	SetFirstKeyPos(int8)
	// SetStepCount has no effect and is here so that existing programs compile:
	// only commands that the command table knows are split by their keys.
	SetStepCount(int8)
	// NoRetry reports whether the command must not be sent again when its
	// connection was lost before the reply came, not even if it only reads or
	// RetryWritesInDoubt is set: it fails with [ErrWriteInDoubt] then. It is
	// false for the types of this package. A type that embeds one of them may
	// say otherwise.
	NoRetry() bool
	// GetCmdType tells which result type it is.
	GetCmdType() CmdType
	// SetErr sets the error that Err returns.
	SetErr(error)
	// Err is nil after success, [Nil] for a null reply, an [Error] that the
	// server sent, or what kept the command from being answered.
	Err() error

	command() *baseCmd
	decode(*resp.Decoder) error
	// textOnly is where a reply goes that is a text and nothing else, without
	// decode; nil if decode is needed for all replies.
	textOnly() *string
}

// baseCmd is what all commands have: arguments, and an error if it comes to that.
// There are many commands, and each is new memory: it is as small as can be.
type baseCmd struct {
	info  *cmdinfo.Command // nil: unknown, or not looked up yet
	short [3]arg           // the arguments in the short form, see args.go
	rare  *rare
}

// rare is what few commands have.
type rare struct {
	list    []arg    // the name and the arguments in the long form
	offered *offered // to hooks; nil: never
	err     error
	blocks  time.Duration // how long a blocking command may take; 0: not known
	keyPos  int8          // set by SetFirstKeyPos
	keySet  bool
	invalid bool // err says why the arguments cannot be sent
}

// nothing is rare of a command that has nothing but a null reply. It never
// changes.
var nothing = rare{err: Nil}

// own is what is rare of this command, to be changed.
func (c *baseCmd) own() *rare {
	switch c.rare {
	case nil:
		c.rare = new(rare)
	case &nothing:
		c.rare = &rare{err: Nil}
	}
	return c.rare
}

// peculiar is what is rare of this command, to be read.
func (c *baseCmd) peculiar() rare {
	if c.rare == nil {
		return rare{}
	}
	return *c.rare
}

// isInvalid reports whether the arguments cannot be sent; the error says why.
func (c *baseCmd) isInvalid() bool { return c.rare != nil && c.rare.invalid }

// start sets the command's name and its first arguments.
func (c *baseCmd) start(name string, args ...string) *baseCmd {
	return c.str(name).strs(args...)
}

// str, strs, int, uint and float add arguments that can always be sent.
func (c *baseCmd) str(s string) *baseCmd {
	c.addArg(textArg(s))
	return c
}

func (c *baseCmd) strs(list ...string) *baseCmd {
	c.growArgs(len(list))
	for _, s := range list {
		c.addArg(textArg(s))
	}
	return c
}

func (c *baseCmd) int(n int64) *baseCmd {
	c.addArg(intArg(n))
	return c
}

func (c *baseCmd) uint(n uint64) *baseCmd {
	c.addArg(uintArg(n))
	return c
}

func (c *baseCmd) float(f float64) *baseCmd {
	c.addArg(floatArg(f))
	return c
}

// val adds an argument of any type; one that cannot be sent fails the command.
func (c *baseCmd) val(v any) *baseCmd {
	c.addArg(c.sendable(v, c.argCount()))
	return c
}

// sendable is v as the i-th argument.
func (c *baseCmd) sendable(v any, i int) arg {
	a, err := makeArg(v)
	if err != nil && !c.isInvalid() {
		c.reject(fmt.Errorf("redis: %s: argument %d: %w", c.Name(), i, err))
	}
	return a
}

func (c *baseCmd) vals(list ...any) *baseCmd {
	c.growArgs(len(list))
	for _, v := range list {
		c.val(v)
	}
	return c
}

// reject makes the command fail with err without being sent.
func (c *baseCmd) reject(err error) {
	own := c.own()
	own.err, own.invalid = err, true
}

func (c *baseCmd) command() *baseCmd { return c }

func (c *baseCmd) textOnly() *string { return nil }

// Name is the command's name in lower case.
func (c *baseCmd) Name() string {
	if c.argCount() == 0 {
		return ""
	}
	return strings.ToLower(c.argText(0))
}

// FullName is the name, with the sub-command of those that have one.
func (c *baseCmd) FullName() string {
	if info := c.lookup(); info != nil {
		return strings.ReplaceAll(info.Name, "|", " ")
	}
	return c.Name()
}

// Args are the name and the arguments.
func (c *baseCmd) Args() []any {
	var offered *offered
	if c.rare != nil && c.rare.offered != nil && c.rare.offered.open {
		offered = c.rare.offered
		if offered.args != nil {
			return offered.args
		}
	}
	args := make([]any, c.argCount())
	for i := range args {
		args[i] = c.arg(i).value()
	}
	if offered != nil {
		offered.args = args
	}
	return args
}

// unsendable is what keeps the command from being sent by anybody, if there is
// anything.
func (c *baseCmd) unsendable() error {
	if c.rare != nil && !c.rare.invalid {
		c.heed()
	}
	switch {
	case c.isInvalid():
		return c.Err()
	case c.argCount() == 0:
		return errNameless
	}
	return nil
}

var errNameless = errors.New("redis: a command without a name")

// SetFirstKeyPos tells where the first key stands in Args; 0 means that there
// is no key.
func (c *baseCmd) SetFirstKeyPos(pos int8) {
	own := c.own()
	own.keyPos, own.keySet = pos, true
}

// SetStepCount has no effect.
func (c *baseCmd) SetStepCount(int8) {}

// NoRetry is false: the command may be sent again where that does no harm.
func (c *baseCmd) NoRetry() bool { return false }

// SetErr sets the command's error.
func (c *baseCmd) SetErr(err error) {
	switch {
	case err == nil && (c.rare == nil || c.rare == &nothing):
		c.rare = nil
	case err == Nil && c.rare == nil:
		c.rare = &nothing
	default:
		c.own().err = err
	}
}

// Err is the command's error.
func (c *baseCmd) Err() error {
	if c.rare == nil {
		return nil
	}
	return c.rare.err
}

// lookup finds the command in the table; nil when it is unknown.
func (c *baseCmd) lookup() *cmdinfo.Command {
	if c.info == nil && c.argCount() > 0 {
		c.info = cmdinfo.Lookup(c.argText(0))
		if c.info.IsContainer() && c.argCount() > 1 {
			c.info = c.info.Sub(c.argText(1))
		}
	}
	return c.info
}

// firstKey is the position of the first key in the arguments, 0 when there is
// none. A command that the table does not know has its key first.
func (c *baseCmd) firstKey() int {
	pos := 1
	if rare := c.rare; rare != nil && rare.keySet {
		pos = int(rare.keyPos)
	} else if info := c.lookup(); info != nil {
		pos = info.FirstKeyPos(c.argCount(), c.argText)
	}
	if pos >= c.argCount() {
		return 0
	}
	return pos
}

// eachKey calls fn with the position of every key that the command is known to have:
// by the command table, or by SetFirstKeyPos. The first argument of a command that
// nobody knows is no such key.
func (c *baseCmd) eachKey(fn func(pos int)) {
	if rare := c.rare; rare != nil && rare.keySet {
		if pos := c.firstKey(); pos > 0 {
			fn(pos)
		}
		return
	}
	c.lookup().Keys(c.argCount(), c.argText, fn)
}

// blockMargin is what a blocking command has for its reply on top of its own time,
// if ReadTimeout is not more: a server ends it up to 150 ms late, and later when busy.
const blockMargin = 5 * time.Second

// replyTimeout is how long to wait for the reply when a plain command is given
// read, which 0 stands for: a blocking one may take its own time on top. Negative
// is for ever.
func (c *baseCmd) replyTimeout(read time.Duration) time.Duration {
	blocks := c.peculiar().blocks
	switch {
	case !c.lookup().Blocks(c.argCount(), c.argText):
		return 0
	case blocks <= 0 || read <= 0:
		return -1
	}
	return blocks + max(read, blockMargin)
}

// What a text for people shows of a command: so many arguments, so many bytes of each,
// and so many of the reply. It may hold all of a large value, and end in a log.
const (
	shownArgs  = 64
	shownBytes = 64
	shownReply = 512
)

// shortened is s without what is behind its first bytes.
func shortened(s string, most int) string {
	if len(s) <= most {
		return s
	}
	end := most
	for end > most-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return fmt.Sprintf("%s… (%d bytes)", s[:end], len(s))
}

// text shows the command with val, or with its error.
func (c *baseCmd) text(val any) string {
	var b strings.Builder
	n := c.argCount()
	secrets := c.secretArgs()
	for i := range min(n, shownArgs) {
		if i > 0 {
			b.WriteByte(' ')
		}
		if secrets != nil && secrets(i) {
			b.WriteString(hidden)
			continue
		}
		b.WriteString(shortened(c.argText(i), shownBytes))
	}
	if n > shownArgs {
		fmt.Fprintf(&b, " … (%d arguments)", n-1)
	}
	b.WriteString(": ")
	var reply string
	switch err := c.Err(); {
	case err != nil:
		reply = c.withoutSecrets(err.Error())
	case c.answersSecrets():
		reply = hidden
	default:
		reply = fmt.Sprint(val)
	}
	b.WriteString(shortened(reply, shownReply))
	return b.String()
}

// withoutSecrets is the text of an error of the command without the secrets in its
// arguments: a server repeats the arguments of a command that it does not know. The
// first word, which tells errors apart, stays as it is.
func (c *baseCmd) withoutSecrets(text string) string {
	secrets := c.secretArgs()
	code, rest, more := strings.Cut(text, " ")
	if secrets == nil || !more {
		return text
	}
	for i := range c.argCount() {
		if secrets(i) {
			rest = withoutText(rest, c.argText(i))
		}
	}
	return code + " " + rest
}

// withoutText is the text of an error without an argument, which servers repeat when
// they do not like it: as a whole, or the password that a rule of ACL SETUSER sets.
func withoutText(text, arg string) string {
	for _, part := range append([]string{arg}, strings.Fields(arg)...) {
		secret := strings.TrimLeft(part, "><#!")
		if part != arg && secret == part {
			continue // a rule without a password
		}
		if secret != "" {
			text = strings.ReplaceAll(text, secret, hidden)
		}
	}
	return text
}

// ofCommand is an error of reading the reply, with the command that it is of.
func (c *baseCmd) ofCommand(err error) error {
	if err == nil || c.argCount() == 0 {
		return err
	}
	return fmt.Errorf("%w (of %s)", err, c.FullName())
}

// hidden stands for a secret in a text.
const hidden = "***"

// secretArgs tells which arguments are secrets, or may be; nil if none are.
func (c *baseCmd) secretArgs() func(i int) bool {
	after := func(i int, words ...string) bool {
		return i > 1 && slices.Contains(words, strings.ToLower(c.argText(i-1)))
	}
	switch c.FullName() {
	case "auth":
		return func(i int) bool { return i > 1 || i == 1 && c.argCount() != 3 } // else a user's name
	case "hello":
		return func(i int) bool { return i > 2 && strings.EqualFold(c.argText(i-2), "auth") }
	case "migrate":
		return func(i int) bool {
			return after(i, "auth") || i > 2 && strings.EqualFold(c.argText(i-2), "auth2")
		}
	case "acl setuser": // >password, <password, #hash, !hash
		return func(i int) bool { return i > 2 && strings.ContainsAny(c.argText(i), "><#!") }
	case "config set", "module loadex", "sentinel", "sentinel set", "sentinel config":
		return func(i int) bool { return i > 2 && isSecretSetting(c.argText(i-1)) }
	}
	return nil
}

// isSecretSetting reports whether a setting of a server is a secret by its name:
// requirepass, masterauth, tls-key-file-pass.
func isSecretSetting(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "pass") || strings.Contains(name, "auth") || strings.Contains(name, "secret")
}

// answersSecrets reports whether secrets may be in the reply.
func (c *baseCmd) answersSecrets() bool {
	switch c.FullName() {
	case "acl genpass", "acl getuser", "acl list":
		return true
	case "config get":
		for i := 2; i < c.argCount(); i++ {
			pattern := c.argText(i)
			if isSecretSetting(pattern) || strings.ContainsAny(pattern, `*?[\`) {
				return true
			}
		}
	}
	return false
}

// result is a command with a reply of type T.
type result[T any] struct {
	baseCmd
	val T
}

// Val is the reply; the zero value when the command failed.
func (r *result[T]) Val() T { return r.val }

// SetVal sets what Val returns; hooks and fakes need it.
func (r *result[T]) SetVal(val T) { r.val = val }

// Result is the reply and the command's error.
func (r *result[T]) Result() (T, error) { return r.val, r.Err() }

// String shows the command and its result.
func (r *result[T]) String() string { return r.text(r.val) }

// cmdable is a way to process commands, to which the methods of the typed
// commands belong: a client sends them, a pipeline collects them.
type cmdable func(ctx context.Context, cmd Cmder) error

// do processes cmd, whose arguments are set.
func do[C Cmder](ctx context.Context, c cmdable, cmd C) C {
	_ = c(ctx, cmd)
	return cmd
}

// fromArgs gives cmd the arguments of an exported constructor.
func fromArgs[C Cmder](cmd C, args []any) C {
	cmd.command().vals(args...)
	return cmd
}

// checkCommand finds the mistakes that need no server.
func checkCommand(ctx context.Context, cmd Cmder) error {
	b := cmd.command()
	if err := b.unsendable(); err != nil {
		return err
	}
	switch {
	case ctx == nil:
		return errNilContext
	case b.lookup().IsSession(b.argCount()):
		return fmt.Errorf("redis: %s depends on the connection it is sent on: use %s", b.FullName(), cmp.Or(sessionMethods[b.Name()], "a Conn"))
	}
	return ctx.Err()
}
