{{/*
What happens to values before anything is rendered. Every template file asks for it first; the first one does it, since
helm gives all templates of one chart the same root, and gives each subchart its own.
*/}}
{{- define "nats.values" -}}
{{- if not .prepared -}}
  {{- $_ := set . "prepared" true -}}
  {{- include "nats.default-names" . -}}
  {{- $spot := dict "root" . "value" .Values "path" "" -}}
  {{- include "nats.expand" $spot -}}
  {{- $_ := set . "Values" $spot.value -}}
  {{- /* ConfigMap, checksum and reloader read one and the same configuration. */ -}}
  {{- $_ := set . "configuration" (include "nats.config" . | fromYaml) -}}
{{- end -}}
{{- end -}}

{{/*
Put what the $tplYaml and $tplYamlSpread in a value become in their place. What they become is not looked at again, and
all of them see the values as they were. Takes: root, value, path (where it is, for errors); sets value.
*/}}
{{- define "nats.expand" -}}
{{- $spot := . -}}
{{- if kindIs "slice" .value -}}
  {{- $items := list -}}
  {{- range $index, $item := .value -}}
    {{- $inner := dict "root" $spot.root "value" $item "path" (printf "%s/%d" $spot.path $index) -}}
    {{- include "nats.expand" $inner -}}
    {{- if $inner.spread -}}
      {{- include "nats.spreads" (dict "inner" $inner "kind" "slice") -}}
      {{- range $inner.value -}}{{- $items = append $items . -}}{{- end -}}
    {{- else -}}
      {{- $items = append $items $inner.value -}}
    {{- end -}}
  {{- end -}}
  {{- $_ := set $spot "value" $items -}}
{{- else if kindIs "map" .value -}}
  {{- if and (eq (len .value) 1) (hasKey .value "$tplYaml") -}}
    {{- $_ := set $spot "text" (get .value "$tplYaml") -}}
    {{- include "nats.evaluate" $spot -}}
  {{- else if and (eq (len .value) 1) (hasKey .value "$tplYamlSpread") -}}
    {{- $_ := set $spot "text" (get .value "$tplYamlSpread") -}}
    {{- include "nats.evaluate" $spot -}}
    {{- $_ := set $spot "spread" true -}}
  {{- else -}}
    {{- $map := dict -}}
    {{- $spread := dict -}}
    {{- range $key, $item := .value -}}
      {{- $inner := dict "root" $spot.root "value" $item "path" (printf "%s/%s" $spot.path $key) -}}
      {{- include "nats.expand" $inner -}}
      {{- if $inner.spread -}}
        {{- include "nats.spreads" (dict "inner" $inner "kind" "map") -}}
        {{- range $name, $each := $inner.value -}}{{- $_ := set $spread $name $each -}}{{- end -}}
      {{- else -}}
        {{- $_ := set $map $key $inner.value -}}
      {{- end -}}
    {{- end -}}
    {{- /* What is spread wins over its new neighbours, whatever stands first. */ -}}
    {{- range $name, $each := $spread -}}{{- $_ := set $map $name $each -}}{{- end -}}
    {{- $_ := set $spot "value" $map -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Run a text as a template of the chart's root and read what comes as YAML. Takes: root, text, path; sets value. */}}
{{- define "nats.evaluate" -}}
{{- if not (kindIs "string" .text) -}}
  {{- fail (printf "%s: what is to be run as a template is no text but a %s" .path (kindOf .text)) -}}
{{- end -}}
{{- $text := tpl .text .root -}}
{{- /* fromYaml reads maps only, so the text becomes the one value of a map. */ -}}
{{- $read := printf "value:\n%s" ($text | indent 2) | fromYaml -}}
{{- if not (hasKey $read "value") -}}
  {{- fail (printf "%s: what the template gives is no YAML: %s" .path $read.Error) -}}
{{- end -}}
{{- $_ := set . "value" $read.value -}}
{{- end -}}

{{/* Refuse to spread what does not fit; nothing fits everywhere. Takes: inner (a spot), kind (of what is around it). */}}
{{- define "nats.spreads" -}}
{{- if not (or (kindIs "invalid" .inner.value) (kindIs .kind .inner.value)) -}}
  {{- $kind := kindOf .inner.value -}}
  {{- fail (printf "%s: $tplYamlSpread gives a %s, which cannot be spread into a %s" .inner.path $kind .kind) -}}
{{- end -}}
{{- end -}}
