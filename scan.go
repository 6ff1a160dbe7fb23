package redis

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// ScanCmd is a command that answers with some elements of many, and with a
// cursor to go on with, which is 0 at the end. For hashes the elements are
// fields and values in turn, for sorted sets members and scores.
type ScanCmd struct {
	baseCmd
	page    []string
	cursor  uint64
	process cmdable // gets the pages after this one
	queued  bool    // in a pipeline that has not been executed
	oneNode bool    // it was for one node of a cluster, by a client of the whole
}

// NewScanCmd makes a command from its name and arguments. process is what an
// iterator gets further pages with.
func NewScanCmd(ctx context.Context, process cmdable, args ...any) *ScanCmd {
	return fromArgs(newScan(process), args)
}

func newScan(process cmdable) *ScanCmd { return &ScanCmd{process: process} }

// NewScanCmdResult makes a command that has been answered, for tests and
// fakes. An iterator ends behind keys whatever the cursor is.
func NewScanCmdResult(keys []string, cursor uint64, err error) *ScanCmd {
	cmd := &ScanCmd{page: keys, cursor: cursor}
	cmd.SetErr(err)
	return cmd
}

// Val is the elements and the cursor.
func (c *ScanCmd) Val() (keys []string, cursor uint64) { return c.page, c.cursor }

// SetVal sets what Val returns; hooks and fakes need it.
func (c *ScanCmd) SetVal(page []string, cursor uint64) { c.page, c.cursor = page, cursor }

// Result is the elements, the cursor and the command's error.
func (c *ScanCmd) Result() (keys []string, cursor uint64, err error) {
	return c.page, c.cursor, c.Err()
}

// String shows the command and its result.
func (c *ScanCmd) String() string { return c.text(fmt.Sprint(c.page, " ", c.cursor)) }

func (c *ScanCmd) decode(d *resp.Decoder) error {
	if err := tuple(d, 2); err != nil {
		return err
	}
	cursor, err := d.Uint()
	if err != nil {
		return err
	}
	page, err := decodeStrings(d)
	if err != nil {
		return err
	}
	c.page, c.cursor = page, cursor
	return nil
}

// next is the command that gets the page after this one.
func (c *ScanCmd) next() *ScanCmd {
	next := newScan(c.process)
	next.own().list = c.callersArgs() // hooks will change them for the next page, too
	if rare := c.peculiar(); rare.keySet {
		next.SetFirstKeyPos(rare.keyPos)
	}
	at := 1 // SCAN cursor
	if c.Name() != "scan" {
		at = 2 // HSCAN key cursor
	}
	if at < next.argCount() {
		next.setArg(at, uintArg(c.cursor))
	}
	return next
}

// errQueued is why there is nothing yet to iterate over.
var errQueued = errors.New("redis: scan: the pipeline that the command is in has not been executed")

// errOneNode is why an iterator ends behind the page that a transaction has got.
var errOneNode = errors.New("redis: scan: in a transaction of a cluster client SCAN is for one node: scan without a transaction")

// Iterator goes through the elements of this page, and then through those of
// the pages after it. If the command was in a pipeline, the client to which that belongs
// gets these, each by a command of its own; for SCAN in a transaction of a
// [ClusterClient], which is for one node, there is an error instead.
func (c *ScanCmd) Iterator() *ScanIterator { return &ScanIterator{cmd: c} }

// ScanIterator goes through the elements of a SCAN, HSCAN, SSCAN or ZSCAN, page
// by page:
//
//	iter := rdb.Scan(ctx, 0, "user:*", 0).Iterator()
//	for iter.Next(ctx) {
//		use(iter.Val())
//	}
//	if err := iter.Err(); err != nil {
//		…
//	}
//
// It belongs to one goroutine at a time.
type ScanIterator struct {
	cmd *ScanCmd // of the present page
	pos int      // behind the present element
	err error    // that is not of the command
}

// Next goes to the next element, for which it may ask the server. It is false
// at the end, and after an error.
func (it *ScanIterator) Next(ctx context.Context) bool {
	for it.Err() == nil {
		if it.pos < len(it.cmd.page) {
			it.pos++
			return true
		}
		if it.cmd.oneNode {
			it.err = errOneNode
			return false
		}
		if it.cmd.cursor == 0 || it.cmd.process == nil {
			it.pos = len(it.cmd.page) + 1
			return false
		}
		// a page may be empty before the end
		it.cmd, it.pos = do(ctx, it.cmd.process, it.cmd.next()), 0
	}
	return false
}

// Val is the present element; "" before the first and after the last.
func (it *ScanIterator) Val() string {
	if it.Err() != nil || it.pos < 1 || it.pos > len(it.cmd.page) {
		return ""
	}
	return it.cmd.page[it.pos-1]
}

// Err is what ended the iteration before its time.
func (it *ScanIterator) Err() error {
	switch {
	case it.err != nil:
		return it.err
	case it.cmd.queued:
		return errQueued
	}
	return it.cmd.Err()
}
