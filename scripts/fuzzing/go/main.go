// Judge says what Go makes of texts: nats-server's parser of configurations, and the readers of YAML that Kubernetes has.
//
// It reads batches from standard input and answers each on standard output, until its input ends. A batch is a length
// (4 bytes, big-endian), and as many bytes of questions, each a length and its bytes again; so are the answers. The first
// byte of a question names the reader:
//
//	c  nats-server's conf.ParseFile. The question has parts between NUL characters: the text, then names and texts
//	   in turn, of files that it may include, and of environment variables (`$NAME`)
//	y  sigs.k8s.io/yaml, of one document and nothing behind it
//	s  the same of each document of a stream, which kubectl's and Helm's reader cuts: a list of their values
//
// The first byte of an answer is v (JSON follows) or e (an error's message follows).
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nats-io/nats-server/v2/conf"
	reader "go.yaml.in/yaml/v2"
	stream "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

const text = "nats.conf"

func main() {
	os.Clearenv()
	debug.SetGCPercent(1000) // texts are short, and many
	runtime.GOMAXPROCS(1)
	in, out := bufio.NewReaderSize(os.Stdin, 1<<20), bufio.NewWriterSize(os.Stdout, 1<<20)
	for {
		batch, err := framed(in)
		if err == io.EOF {
			return
		} else if err != nil {
			panic(err)
		}
		var answers []byte
		for questions := bytes.NewReader(batch); questions.Len() > 0; {
			question, err := framed(questions)
			if err != nil {
				panic(err)
			}
			answer := answered(question)
			answers = binary.BigEndian.AppendUint32(answers, uint32(len(answer)))
			answers = append(answers, answer...)
		}
		out.Write(binary.BigEndian.AppendUint32(nil, uint32(len(answers))))
		out.Write(answers)
		if err := out.Flush(); err != nil {
			panic(err)
		}
	}
}

func framed(from io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(from, length[:]); err != nil {
		return nil, err
	}
	content := make([]byte, binary.BigEndian.Uint32(length[:]))
	_, err := io.ReadFull(from, content)
	return content, err
}

func answered(question []byte) (answer []byte) {
	defer func() { // a reader that panics refuses, too
		if reason := recover(); reason != nil {
			answer = fmt.Appendf(nil, "epanic: %v", reason)
		}
	}()
	var value []byte
	var err error
	switch question[0] {
	case 'c':
		value, err = configuration(question[1:])
	case 'y':
		value, err = document(question[1:])
	case 's':
		value, err = documents(question[1:])
	default:
		panic("there is no such reader")
	}
	if err != nil {
		return append([]byte{'e'}, err.Error()...)
	}
	return append([]byte{'v'}, value...)
}

func configuration(question []byte) ([]byte, error) {
	parts := strings.Split(string(question), "\x00")
	files := false
	for i := 1; i+1 < len(parts); i += 2 {
		name, content := parts[i], parts[i+1]
		if variable, is := strings.CutPrefix(name, "$"); is {
			if os.Setenv(variable, content) == nil {
				defer os.Unsetenv(variable)
			}
		} else if filepath.IsLocal(name) && put(name, content) == nil {
			files = true
			defer os.RemoveAll(strings.Split(name, "/")[0])
		}
	}
	parse := conf.Parse
	if files {
		if err := put(text, parts[0]); err != nil {
			panic(err)
		}
		defer os.Remove(text)
		parts[0], parse = text, conf.ParseFile
	}
	value, err := parse(parts[0])
	return asJSON(nil, value), err
}

func put(name, content string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	return os.WriteFile(name, []byte(content), 0o666)
}

// document refuses what stands behind the first document, too: sigs.k8s.io/yaml does not look at it.
func document(question []byte) ([]byte, error) {
	value, err := yaml.YAMLToJSON(question)
	if err != nil {
		return nil, err
	}
	decoder := reader.NewDecoder(bytes.NewReader(question))
	var first, second any
	if err := decoder.Decode(&first); err != nil && err != io.EOF {
		return nil, err
	}
	if err := decoder.Decode(&second); err != io.EOF {
		return nil, fmt.Errorf("more than one document: %v", err)
	}
	return value, nil
}

func documents(question []byte) ([]byte, error) {
	all := []json.RawMessage{}
	for chunks := stream.NewYAMLReader(bufio.NewReader(bytes.NewReader(question))); ; {
		chunk, err := chunks.Read()
		if err == io.EOF {
			return json.Marshal(all)
		} else if err != nil {
			return nil, err
		}
		value, err := document(chunk)
		if err != nil {
			return nil, err
		}
		all = append(all, value)
	}
}

// asJSON writes a value with its types: floats have a point or an exponent, integers have none. Bytes that are no UTF-8
// become the surrogates that Python's "surrogateescape" makes of them.
func asJSON(to []byte, value any) []byte {
	switch value := value.(type) {
	case map[string]any:
		keys := make([]string, 0, len(value))
		for key := range value {
			keys = append(keys, key)
		}
		sort.Strings(keys)
		to = append(to, '{')
		for i, key := range keys {
			if i > 0 {
				to = append(to, ',')
			}
			to = append(quoted(to, key), ':')
			to = asJSON(to, value[key])
		}
		return append(to, '}')
	case []any:
		to = append(to, '[')
		for i, item := range value {
			if i > 0 {
				to = append(to, ',')
			}
			to = asJSON(to, item)
		}
		return append(to, ']')
	case bool:
		return strconv.AppendBool(to, value)
	case int64:
		return strconv.AppendInt(to, value, 10)
	case float64:
		if math.IsInf(value, 0) || math.IsNaN(value) {
			panic("a number that JSON does not have")
		}
		number := strconv.FormatFloat(value, 'g', -1, 64)
		if !strings.ContainsAny(number, ".e") {
			number += ".0"
		}
		return append(to, number...)
	case time.Time:
		return quoted(to, value.Format("2006-01-02T15:04:05Z"))
	case string:
		return quoted(to, value)
	}
	panic(fmt.Sprintf("a value of type %T", value))
}

func quoted(to []byte, content string) []byte {
	to = append(to, '"')
	for content != "" {
		char, size := utf8.DecodeRuneInString(content)
		switch {
		case char == utf8.RuneError && size == 1:
			to = fmt.Appendf(to, "\\udc%02x", content[0])
		case char < ' ' || char == '"' || char == '\\':
			to = fmt.Appendf(to, "\\u%04x", char)
		default:
			to = append(to, content[:size]...)
		}
		content = content[size:]
	}
	return append(to, '"')
}
