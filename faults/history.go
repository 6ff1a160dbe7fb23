package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// getHistory reads a value that never changes and belongs to one key only.
type getHistory struct{ plain }

func (getHistory) prepare(ctx context.Context, d driver, key string) error {
	return d.Set(ctx, key, "value of "+key)
}

func (getHistory) call(ctx context.Context, d driver, key string) (string, error) {
	value, err := d.Get(ctx, key)
	if errors.Is(err, errNil) {
		return "no value", nil
	}
	if err == nil && value != "value of "+key {
		return fmt.Sprintf("value %q", value), nil
	}
	return "", err
}

// plain is a history that needs no accounts.
type plain struct{}

func (plain) prepare(context.Context, driver, string) error { return nil }
func (plain) settled(fate)                                  {}
func (plain) audit(string) verdict                          { return verdict{} }

// setHistory overwrites its key with ever higher numbers.
type setHistory struct {
	plain
	n int
}

func (h *setHistory) call(ctx context.Context, d driver, key string) (string, error) {
	h.n++
	return "", d.Set(ctx, key, strconv.Itoa(h.n))
}

func (h *setHistory) audit(value string) verdict {
	if n, err := strconv.Atoi(value); err != nil || n > h.n {
		return verdict{wrong: []string{fmt.Sprintf("value %q after %d SETs", value, h.n)}}
	}
	return verdict{}
}

// incrHistory counts. Nobody else counts on the same key, so that every reply
// is one more than the last; a call in doubt may add one; and a failover may
// lose some, as replication is asynchronous, but never adds any.
type incrHistory struct {
	acked, doubtful int64
	last            int64 // the last reply
	spare           int64 // calls in doubt that no reply has accounted for
	verdict         verdict
}

func (h *incrHistory) prepare(context.Context, driver, string) error { return nil }

func (h *incrHistory) call(ctx context.Context, d driver, key string) (string, error) {
	value, err := d.Incr(ctx, key)
	if err != nil {
		return "", err
	}
	h.acked++
	if extra := value - h.last - 1; extra > 0 {
		h.verdict.duplicates += int(max(0, extra-h.spare))
		h.spare = max(0, h.spare-extra)
	}
	h.last = value
	if value < 1 {
		return fmt.Sprintf("INCR to %d", value), nil
	}
	return "", nil
}

func (h *incrHistory) settled(f fate) {
	if f != refused {
		h.doubtful++
		h.spare++
	}
}

func (h *incrHistory) audit(value string) verdict {
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case err != nil:
		h.verdict.wrong = append(h.verdict.wrong, fmt.Sprintf("value %q", value))
	case n > h.acked+h.doubtful:
		h.verdict.duplicates = max(h.verdict.duplicates, int(n-h.acked-h.doubtful))
	}
	return h.verdict
}

// appendHistory appends words that are all different: one that is there twice
// was appended twice, whatever a failover may have lost.
type appendHistory struct {
	n       int
	refused map[string]bool
}

// wordLen is the length of a word.
const wordLen = 8

func (h *appendHistory) prepare(context.Context, driver, string) error {
	h.refused = map[string]bool{}
	return nil
}

func (h *appendHistory) word() string { return fmt.Sprintf("%0*d", wordLen, h.n) }

func (h *appendHistory) call(ctx context.Context, d driver, key string) (string, error) {
	h.n++
	length, err := d.Append(ctx, key, h.word())
	if err != nil {
		return "", err
	}
	if length < wordLen || length%wordLen != 0 {
		return fmt.Sprintf("length %d", length), nil
	}
	return "", nil
}

func (h *appendHistory) settled(f fate) {
	if f == refused {
		h.refused[h.word()] = true
	}
}

func (h *appendHistory) audit(value string) (v verdict) {
	seen := map[string]bool{}
	for len(value) >= wordLen {
		word := value[:wordLen]
		value = value[wordLen:]
		if seen[word] {
			v.duplicates++
		}
		seen[word] = true
		if h.refused[word] {
			v.wrong = append(v.wrong, "word "+word+" is there, but was said not to have been sent")
		}
		if n, err := strconv.Atoi(strings.TrimLeft(word, "0")); err != nil || n > h.n {
			v.wrong = append(v.wrong, "word "+word+" was never appended")
		}
	}
	if value != "" {
		v.wrong = append(v.wrong, "half a word: "+value)
	}
	return v
}
