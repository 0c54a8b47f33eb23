// Reads texts from standard input, one per line in base64, and prints what nats-server's parser makes of
// each as a line of JSON: {"value": ...} or {"error": ...}. Strings come as one character per byte, arrays
// begin with "a", floats are ["f", hexadecimal], so that nothing is lost on the way.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/conf"
)

func bytewise(text string) string {
	runes := make([]rune, len(text))
	for i := range len(text) {
		runes[i] = rune(text[i])
	}
	return string(runes)
}

func plain(value any) any {
	switch value := value.(type) {
	case map[string]any:
		result := map[string]any{}
		for key, item := range value {
			result[bytewise(key)] = plain(item)
		}
		return result
	case []any:
		result := []any{"a"}
		for _, item := range value {
			result = append(result, plain(item))
		}
		return result
	case float64:
		return []any{"f", strconv.FormatFloat(value, 'x', -1, 64)}
	case time.Time:
		return value.Format("2006-01-02T15:04:05Z")
	case string:
		return bytewise(value)
	}
	return value
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		text, err := base64.StdEncoding.DecodeString(lines.Text())
		if err != nil {
			panic(err)
		}
		if value, err := conf.Parse(string(text)); err != nil {
			out.Encode(map[string]any{"error": err.Error()})
		} else {
			out.Encode(map[string]any{"value": plain(value)})
		}
	}
}
