package cmdinfo

import "strconv"

// Slot is the slot that the command names by its number. The commands that do
// concern the keys that a node has there, and are of use at the node that has
// them.
func (c *Command) Slot(n int, arg func(i int) string) (slot int, ok bool) {
	if c == nil || n < 3 {
		return 0, false
	}
	switch c.Name {
	case "cluster|countkeysinslot", "cluster|getkeysinslot", "cluster|flushslot":
	default:
		return 0, false
	}
	number, err := strconv.ParseUint(arg(2), 10, 14)
	return int(number), err == nil
}
