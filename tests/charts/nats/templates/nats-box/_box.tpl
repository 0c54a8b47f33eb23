{{/* The pod of the toolbox, which the Deployment and the test share. */}}

{{/* The container. Takes: root, run (a shell line). */}}
{{- define "nats.box" -}}
{{- $container := .root.Values.natsBox.container -}}
name: nats-box
{{ include "nats.image" (dict "root" .root "image" $container.image) }}
command: [sh, -ec, {{ .run | quote }}]
{{- with $container.env }}
env:
  {{- include "nats.env" (dict "env" .) | nindent 2 }}
{{- end }}
resources: {{ toJson $container.resources }}
volumeMounts:
  - name: contexts
    mountPath: /etc/nats-contexts
  {{- if include "nats.box-contents" .root }}
  - name: contents
    mountPath: /etc/nats-contents
  {{- end }}
  {{- include "nats.ca-mount" .root | nindent 2 }}
  {{- range include "nats.box-secrets" .root | fromYamlArray }}
  - name: {{ .name | quote }}
    mountPath: {{ .dir | quote }}
  {{- end }}
{{- end -}}

{{- define "nats.box-pod" -}}
{{- $box := .root.Values.natsBox -}}
metadata:
  labels:
    {{- include "nats.all-labels" (dict "root" .root "component" "nats-box") | nindent 4 }}
spec:
  {{- include "nats.pull-secrets" .root | nindent 2 }}
  containers:
    {{- $where := "natsBox.container" }}
    - {{- include "nats.object" (dict "root" . "body" "nats.box" "section" $box.container "where" $where) | nindent 6 }}
  enableServiceLinks: false
  {{- if $box.serviceAccount.enabled }}
  serviceAccountName: {{ $box.serviceAccount.name | quote }}
  {{- end }}
  volumes:
    - name: contexts
      secret:
        secretName: {{ $box.contextsSecret.name | quote }}
    {{- if include "nats.box-contents" .root }}
    - name: contents
      secret:
        secretName: {{ $box.contentsSecret.name | quote }}
    {{- end }}
    {{- include "nats.ca-volume" .root | nindent 4 }}
    {{- range include "nats.box-secrets" .root | fromYamlArray }}
    - name: {{ .name | quote }}
      secret:
        secretName: {{ .secretName | quote }}
    {{- end }}
{{- end -}}

{{/* The pod with its merge and patch. Takes: root, run. */}}
{{- define "nats.box-pod-object" -}}
{{- $section := .root.Values.natsBox.podTemplate -}}
{{- include "nats.object" (dict "root" . "body" "nats.box-pod" "section" $section "where" "natsBox.podTemplate") -}}
{{- end -}}
