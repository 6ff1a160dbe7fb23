package clustertest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// The limits of a real server.
const (
	maxArgs = 1024 * 1024
	maxBulk = 512 * 1024 * 1024
)

// protocolError is what a client is told before it is disconnected.
type protocolError string

func (e protocolError) Error() string { return "Protocol error: " + string(e) }

// readCommand reads one command: an array of bulk strings, or a line of words
// as typed into telnet. An empty line gives no arguments and no error.
func readCommand(r *bufio.Reader) ([]string, error) {
	line, err := readLine(r)
	if err != nil || len(line) == 0 {
		return nil, err
	}
	if line[0] != '*' {
		return strings.Fields(string(line)), nil
	}
	count, err := strconv.Atoi(string(line[1:]))
	if err != nil || count > maxArgs {
		return nil, protocolError("invalid multibulk length")
	}
	args := make([]string, 0, max(0, min(count, 64)))
	for range count {
		arg, err := readBulk(r)
		if err != nil {
			return nil, err
		}
		args = append(args, arg)
	}
	return args, nil
}

func readBulk(r *bufio.Reader) (string, error) {
	line, err := readLine(r)
	if err != nil {
		return "", err
	}
	if len(line) == 0 || line[0] != '$' {
		return "", protocolError(fmt.Sprintf("expected '$', got '%.1s'", line))
	}
	size, err := strconv.Atoi(string(line[1:]))
	if err != nil || size < 0 || size > maxBulk {
		return "", protocolError("invalid bulk length")
	}
	if size+2 <= r.Size() {
		b, err := r.Peek(size + 2)
		if err != nil {
			return "", err
		}
		s := string(b[:size])
		_, err = r.Discard(size + 2)
		return s, err
	}
	var b strings.Builder
	if _, err := io.CopyN(&b, r, int64(size)); err != nil {
		return "", err
	}
	_, err = r.Discard(2)
	return b.String(), err
}

// readLine returns the next line without its end. It is valid until the next
// read.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return nil, protocolError("too big inline request")
	}
	if err != nil {
		return nil, err
	}
	line = line[:len(line)-1]
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line, nil
}

func appendBulk(b []byte, s string) []byte {
	b = append(b, '$')
	b = strconv.AppendInt(b, int64(len(s)), 10)
	b = append(b, "\r\n"...)
	b = append(b, s...)
	return append(b, "\r\n"...)
}

func appendInt(b []byte, n int) []byte {
	b = append(b, ':')
	b = strconv.AppendInt(b, int64(n), 10)
	return append(b, "\r\n"...)
}

func appendNull(b []byte, resp3 bool) []byte {
	if resp3 {
		return append(b, "_\r\n"...)
	}
	return append(b, "$-1\r\n"...)
}

// appendPush opens a push of n elements, which RESP2 knows as an array only.
func appendPush(b []byte, n int, resp3 bool) []byte {
	if resp3 {
		b = append(b, '>')
	} else {
		b = append(b, '*')
	}
	b = strconv.AppendInt(b, int64(n), 10)
	return append(b, "\r\n"...)
}
