{{/* Names and labels, and the default names of the objects. Values documents call fullname, labels and selectorLabels. */}}

{{- define "nats.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* A release whose name already tells the chart's is not told it twice. */}}
{{- define "nats.fullname" -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- $long := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- .Values.fullnameOverride | default $long | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Give every object that values did not name its default name, in values: a $tplYaml may ask for it there. */}}
{{- define "nats.default-names" -}}
{{- $root := . -}}
{{- $full := include "nats.fullname" . -}}
{{- range $path, $suffix := include "nats.suffixes" . | fromYaml -}}
  {{- $section := $root.Values -}}
  {{- range splitList "." $path -}}
    {{- $section = get $section . -}}
    {{- if not (kindIs "map" $section) -}}{{- fail (printf "%s in values is no map" $path) -}}{{- end -}}
  {{- end -}}
  {{- $_ := set $section "name" ($section.name | default (print $full $suffix)) -}}
{{- end -}}
{{- end -}}

{{- define "nats.suffixes" -}}
config.jetstream.fileStore.pvc: -js
config.resolver.pvc: -resolver
config.websocket.ingress: -ws
configMap: -config
headlessService: -headless
natsBox.contentsSecret: -box-contents
natsBox.contextsSecret: -box-contexts
natsBox.deployment: -box
natsBox.serviceAccount: -box
podDisruptionBudget: ""
promExporter.podMonitor: ""
service: ""
serviceAccount: ""
statefulSet: ""
{{- end -}}

{{/*
The labels that never change. The release name stands without quotes, as it does upstream: a release called
`n` gets a boolean, which is a trap the tests want. Takes: root, component.
*/}}
{{- define "nats.selector" -}}
app.kubernetes.io/component: {{ .component | default "nats" }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/name: {{ include "nats.name" .root }}
{{- end -}}

{{- define "nats.own-labels" -}}
{{ include "nats.selector" . }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* All labels: values add some, and replace none of the chart's. Takes: root, component. */}}
{{- define "nats.all-labels" -}}
{{- $more := .root.Values.global.labels | default dict | toJson | fromJson -}}
{{- include "nats.own-labels" . | fromYaml | mergeOverwrite $more | toYaml -}}
{{- end -}}

{{/* These two take the root, as values documents call them. */}}
{{- define "nats.labels" -}}
{{- include "nats.all-labels" (dict "root" .) -}}
{{- end -}}

{{- define "nats.selectorLabels" -}}
{{- include "nats.selector" (dict "root" .) -}}
{{- end -}}

{{/* Metadata of an object. Takes: root, name, component. */}}
{{- define "nats.metadata" -}}
name: {{ .name }}
{{- with .root.Values.namespaceOverride }}
namespace: {{ . }}
{{- end }}
labels:
  {{- include "nats.all-labels" . | nindent 2 }}
{{- end -}}
