{{/* Names, labels and the way every object is put out. */}}

{{- define "nats.name" -}}
{{- .Values.nameOverride | default .Chart.Name -}}
{{- end -}}

{{/* A release whose name already tells the chart's is not told it twice. */}}
{{- define "nats.fullname" -}}
{{- $name := include "nats.name" . -}}
{{- $long := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- .Values.fullnameOverride | default $long | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The name of an object: its own from values, else the full name and a suffix. Takes: root, own, suffix. */}}
{{- define "nats.named" -}}
{{- .own | default (printf "%s%s" (include "nats.fullname" .root) (.suffix | default "")) -}}
{{- end -}}

{{- define "nats.config-name" -}}
{{- include "nats.named" (dict "root" . "own" .Values.configMap.name "suffix" "-config") -}}
{{- end -}}

{{- define "nats.headless-name" -}}
{{- include "nats.named" (dict "root" . "own" .Values.headlessService.name "suffix" "-headless") -}}
{{- end -}}

{{- define "nats.service-name" -}}
{{- include "nats.named" (dict "root" . "own" .Values.service.name) -}}
{{- end -}}

{{- define "nats.set-name" -}}
{{- include "nats.named" (dict "root" . "own" .Values.statefulSet.name) -}}
{{- end -}}

{{- define "nats.account-name" -}}
{{- include "nats.named" (dict "root" . "own" .Values.serviceAccount.name) -}}
{{- end -}}

{{- define "nats.contexts-name" -}}
{{- include "nats.named" (dict "root" . "suffix" "-box-contexts") -}}
{{- end -}}

{{/*
The labels that never change. The release name stands without quotes, as it does upstream: a release called
`n` gets a boolean, which is a trap the tests want.
*/}}
{{- define "nats.selector" -}}
app.kubernetes.io/component: {{ .component | default "nats" }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/name: {{ include "nats.name" .root }}
{{- end -}}

{{- define "nats.labels" -}}
{{ include "nats.selector" . }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- with .root.Values.global.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Metadata of an object. Takes: root, name, component. */}}
{{- define "nats.metadata" -}}
name: {{ .name }}
{{- with .root.Values.namespaceOverride }}
namespace: {{ . }}
{{- end }}
labels:
  {{- include "nats.labels" . | nindent 2 }}
{{- end -}}

{{/*
Merge the second map of a list over the first, in place: maps go into maps, null removes, the rest replaces.
(mergeOverwrite would not let a false or an empty value win.)
*/}}
{{- define "nats.merge" -}}
{{- $into := index . 0 -}}
{{- range $key, $value := index . 1 -}}
  {{- $old := index $into $key -}}
  {{- if kindIs "invalid" $value -}}
    {{- $_ := unset $into $key -}}
  {{- else if and (kindIs "map" $value) (kindIs "map" $old) -}}
    {{- include "nats.merge" (list $old $value) -}}
  {{- else -}}
    {{- $_ := set $into $key $value -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Put out the object that the template `body` writes, with `merge` over it, keys sorted. */}}
{{- define "nats.object" -}}
{{- /* The last line ends here, so that a block of text at the end keeps its line end. */ -}}
{{- $object := include .body .root | printf "%s\n" | fromYaml -}}
{{- with $object.Error -}}{{- fail (printf "%s: %s" $.body .) -}}{{- end -}}
{{- include "nats.merge" (list $object (.merge | default dict)) -}}
{{- toYaml $object -}}
{{- end -}}
