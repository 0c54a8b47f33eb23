{{/* The way every object and every section of the configuration is put out: merge, then patch. */}}

{{/* Lay merge and then patch over a value. Takes: value, merge, patch, where (for errors); sets value. */}}
{{- define "nats.overlay" -}}
{{- $merge := .merge | default dict -}}
{{- if not (kindIs "map" $merge) -}}{{- fail (printf "the merge of %s is no map" .where) -}}{{- end -}}
{{- /* A copy: mergeOverwrite puts parts of the one map into the other. */ -}}
{{- $_ := set . "value" (mergeOverwrite .value ($merge | toJson | fromJson)) -}}
{{- include "nats.patch" . -}}
{{- end -}}

{{/* What `body` (a template) writes, under merge and patch, keys sorted. Takes: root, body, section (has both), where. */}}
{{- define "nats.object" -}}
{{- /* The last line ends here, so that a block of text at the end keeps its line end. */ -}}
{{- $object := include .body .root | printf "%s\n" | fromYaml -}}
{{- with $object.Error -}}{{- fail (printf "%s: %s" $.body .) -}}{{- end -}}
{{- $spot := dict "value" $object "merge" .section.merge "patch" .section.patch "where" .where -}}
{{- include "nats.overlay" $spot -}}
{{- toYaml ($spot.value | default dict) -}}
{{- end -}}
