package editor

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"example.com/ws101/demos/site"
	"example.com/ws101/frames"
)

// The limits of a script.
const (
	maxFrames = 32
	maxBytes  = 64 << 10 // on the wire
	maxParts  = 256
	maxDelay  = 2 * time.Second
	maxDelays = 10 * time.Second // together
)

// Script is what the editor sends: frames, one behind the other, cut into parts
// that leave one by one.
type Script struct {
	Frames []Frame `json:"frames"`
	// Cuts are where a part ends and the next one begins, counted in bytes from
	// the start of the first frame, in rising order.
	Cuts []int `json:"cuts,omitempty"`
	// Delays are how many milliseconds pass before the second part, the third,
	// and so on. The last one counts for all that follow.
	Delays []int `json:"delays,omitempty"`
}

// Frame is a frame as a person fills it in. Nothing in it has to be true.
type Frame struct {
	Fin    bool   `json:"fin"`
	Rsv1   bool   `json:"rsv1"`
	Rsv2   bool   `json:"rsv2"`
	Rsv3   bool   `json:"rsv3"`
	Opcode uint8  `json:"opcode"` // 0 to 15
	Masked bool   `json:"masked"`
	Key    string `json:"key"` // four bytes in hex; the zero key if empty
	// Declared is the length that the header declares, in decimal; if it is
	// empty, the true one.
	Declared string `json:"declared"`
	// Form is how many bits the length takes: "" for the shortest form, "16"
	// or "64". One that is too small for the length is widened.
	Form string `json:"form"`
	// Payload is text or, if Hex is set, bytes in hex.
	Payload string `json:"payload"`
	Hex     bool   `json:"hex"`
}

// append appends the frame as it goes over the wire. The error is a
// *site.Refusal.
func (f *Frame) append(dst []byte) ([]byte, error) {
	payload := []byte(f.Payload)
	var err error
	if f.Hex {
		if payload, err = parseHex(f.Payload); err != nil {
			return nil, wrong("The payload is not hex: %v.", err)
		}
	}
	h := frames.Header{Fin: f.Fin, Rsv1: f.Rsv1, Rsv2: f.Rsv2, Rsv3: f.Rsv3, Opcode: frames.Opcode(f.Opcode), Masked: f.Masked, Length: uint64(len(payload))}
	if f.Opcode > 15 {
		return nil, wrong("The opcode has four bits: it is 0 to 15, and not %d.", f.Opcode)
	}
	if f.Declared != "" {
		if h.Length, err = strconv.ParseUint(f.Declared, 10, 64); err != nil {
			return nil, wrong("The declared length has 64 bits at most: it is a number from 0 to 18446744073709551615.")
		}
	}
	form, known := map[string]frames.LengthForm{"": frames.Shortest, "16": frames.Length16, "64": frames.Length64}[f.Form]
	if !known {
		return nil, wrong("The form of the length is 16 or 64, or empty for the shortest.")
	}
	if f.Masked && f.Key != "" {
		key, err := parseHex(f.Key)
		if err != nil || len(key) != len(h.MaskKey) {
			return nil, wrong("The masking key is four bytes in hex, such as 37 fa 21 3d.")
		}
		copy(h.MaskKey[:], key)
	}
	dst = frames.AppendHeaderForm(dst, h, form)
	start := len(dst)
	dst = append(dst, payload...)
	if f.Masked {
		frames.Mask(h.MaskKey, 0, dst[start:])
	}
	return dst, nil
}

// parseHex reads bytes such as "37 fa 21 3d", with or without spaces and line ends.
func parseHex(s string) ([]byte, error) {
	return hex.DecodeString(strings.Join(strings.Fields(s), ""))
}

// bytes returns all that the script sends. The error is a *site.Refusal.
func (s *Script) bytes() ([]byte, error) {
	if len(s.Frames) == 0 || len(s.Frames) > maxFrames {
		return nil, wrong("A script has 1 to %d frames.", maxFrames)
	}
	var all []byte
	for i := range s.Frames {
		var err error
		if all, err = s.Frames[i].append(all); err != nil {
			return nil, wrong("Frame %d: %v", i+1, err)
		}
		if len(all) > maxBytes {
			return nil, wrong("A script sends %d bytes at most. A larger length can be declared.", maxBytes)
		}
	}
	return all, nil
}

// part is what leaves at once, after a delay.
type part struct {
	delay time.Duration
	bytes []byte
}

// parts cuts what the script sends. The error is a *site.Refusal.
func (s *Script) parts() ([]part, error) {
	all, err := s.bytes()
	if err != nil {
		return nil, err
	}
	if len(s.Cuts) >= maxParts {
		return nil, wrong("A script is cut into %d parts at most.", maxParts)
	}
	var list []part
	from, total := 0, time.Duration(0)
	for i, cut := range append(s.Cuts[:len(s.Cuts):len(s.Cuts)], len(all)) {
		if cut <= from || cut > len(all) {
			return nil, wrong("The places to cut must rise, from 1 to %d.", len(all)-1)
		}
		p := part{s.delay(i), all[from:cut]}
		if total += p.delay; p.delay < 0 || p.delay > maxDelay || total > maxDelays {
			return nil, wrong("A delay is 0 to %d ms, and all together are %d ms at most.", maxDelay.Milliseconds(), maxDelays.Milliseconds())
		}
		list, from = append(list, p), cut
	}
	return list, nil
}

// delay is how long to wait before part i.
func (s *Script) delay(i int) time.Duration {
	if i == 0 || len(s.Delays) == 0 {
		return 0
	}
	ms := s.Delays[min(i, len(s.Delays))-1]
	return time.Duration(min(max(ms, -1), 1<<20)) * time.Millisecond
}

// wrong is a mistake of the person, as a sentence.
func wrong(format string, args ...any) error {
	return &site.Refusal{Status: http.StatusBadRequest, Sentence: fmt.Sprintf(format, args...)}
}
