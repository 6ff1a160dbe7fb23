package cmdinfo

import "strings"

// Blocks reports whether the command with these arguments may wait on the
// server for something to happen. XREAD and XREADGROUP do so only with their
// BLOCK option.
func (c *Command) Blocks(n int, arg func(i int) string) bool {
	if !c.has(Blocking) {
		return false
	}
	if c.Name == "xread" || c.Name == "xreadgroup" {
		return hasBlockOption(n, arg)
	}
	return true
}

// hasBlockOption steps over the values of other options: a group may be called
// "block".
func hasBlockOption(n int, arg func(i int) string) bool {
	for i := 1; i < n; i++ {
		switch word := arg(i); {
		case strings.EqualFold(word, "block"):
			return true
		case strings.EqualFold(word, "streams"):
			return false
		case strings.EqualFold(word, "group"):
			i += 2
		case strings.EqualFold(word, "count"), strings.EqualFold(word, "claim"):
			i++
		}
	}
	return false
}
