package measure

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// write writes the files that were asked for.
func (f flags) write(r Report) error {
	if f.json != "" {
		text, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(f.json, append(text, '\n'), 0o644); err != nil {
			return fmt.Errorf("-json: %w", err)
		}
	}
	if f.svg != "" {
		for _, c := range charts {
			if err := os.WriteFile(filepath.Join(f.svg, c.file), c.draw(r), 0o644); err != nil {
				return fmt.Errorf("-svg: %w", err)
			}
		}
	}
	return nil
}

// makeFolders makes the folders for what will be written, so that a wrong name is told before
// anything is measured.
func (f flags) makeFolders() error {
	for flag, dir := range map[string]string{"-svg": f.svg, "-profile": f.profile} {
		if dir == "" {
			continue
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("%s: %w", flag, err)
		}
	}
	if f.json != "" {
		file, err := os.OpenFile(f.json, os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return fmt.Errorf("-json: %w", err)
		}
		return file.Close()
	}
	return nil
}
