package clustertest

// globMatch reports whether s matches the pattern in the way of PSUBSCRIBE and
// CONFIG GET: * ? [a-z] [^a] and \ to take the next byte literally.
func globMatch(pattern, s string) bool {
	for pattern != "" {
		switch pattern[0] {
		case '*':
			pattern = pattern[1:]
			for i := 0; i <= len(s); i++ {
				if globMatch(pattern, s[i:]) {
					return true
				}
			}
			return false
		case '?':
			if s == "" {
				return false
			}
			pattern, s = pattern[1:], s[1:]
		case '[':
			if s == "" {
				return false
			}
			ok, rest := classMatch(pattern[1:], s[0])
			if !ok {
				return false
			}
			pattern, s = rest, s[1:]
		default:
			if pattern[0] == '\\' && len(pattern) > 1 {
				pattern = pattern[1:]
			}
			if s == "" || s[0] != pattern[0] {
				return false
			}
			pattern, s = pattern[1:], s[1:]
		}
	}
	return s == ""
}

// classMatch matches c with the class that class starts with (its '[' already
// taken) and returns what follows the class. An unclosed class ends with the
// pattern.
func classMatch(class string, c byte) (ok bool, rest string) {
	negated := class != "" && class[0] == '^'
	if negated {
		class = class[1:]
	}
	found := false
	for class != "" && class[0] != ']' {
		if class[0] == '\\' && len(class) > 1 {
			class = class[1:]
		}
		low, high := class[0], class[0]
		class = class[1:]
		if len(class) >= 2 && class[0] == '-' && class[1] != ']' {
			high = class[1]
			class = class[2:]
		}
		if low > high {
			low, high = high, low
		}
		found = found || low <= c && c <= high
	}
	if class != "" {
		class = class[1:]
	}
	return found != negated, class
}
