"""What vLLM 0.32 really sent, with `--enable-prompt-tokens-details --enable-per-request-metrics`, a request each.

A model of 2 MB on a processor; ids and times are as they were.
"""

CHAT = (
    b'data: {"id":"chatcmpl-ba500f7cdc1bebf2","object":"chat.completion.chunk","created":1795256027,"model":"tiny",'
    b'"choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],'
    b'"prompt_token_ids":null,"prompt_text":null}\n\n'
    b'data: {"id":"chatcmpl-ba500f7cdc1bebf2","object":"chat.completion.chunk","created":1795256027,"model":"tiny",'
    b'"choices":[{"index":0,"delta":{"content":"Hello"},"logprobs":{"content":[{"token":"Hello",'
    b'"logprob":-0.0124323396012187,"bytes":[72,101,108,108,111],"top_logprobs":[{"token":"Hello",'
    b'"logprob":-0.0124323396012187,"bytes":[72,101,108,108,111]},{"token":"I","logprob":-4.82493257522583,'
    b'"bytes":[73]}]}]},"finish_reason":null,"token_ids":null}]}\n\n'
    b'data: {"id":"chatcmpl-ba500f7cdc1bebf2","object":"chat.completion.chunk","created":1795256027,"model":"tiny",'
    b'"choices":[{"index":0,"delta":{"content":" Ask"},"logprobs":{"content":[{"token":" Ask",'
    b'"logprob":-0.0012462714221328497,"bytes":[32,65,115,107],"top_logprobs":[]}]},"finish_reason":"length",'
    b'"stop_reason":null,"token_ids":null}]}\n\n'
    b'data: {"id":"chatcmpl-ba500f7cdc1bebf2","object":"chat.completion.chunk","created":1795256027,"model":"tiny",'
    b'"choices":[],"usage":{"prompt_tokens":473,"total_tokens":475,"completion_tokens":2,"prompt_tokens_details":'
    b'{"cached_tokens":384,"created_cache_tokens":0}},"system_fingerprint":"vllm-0.32.0-25e7d432","metrics":'
    b'{"time_to_first_token_ms":9.024692997627426,"generation_time_ms":2.7649240000755526,'
    b'"queue_time_ms":1.788362002116628,"mean_itl_ms":2.7649240000755526,"tokens_per_second":169.6407949799954}}\n\n'
    b"data: [DONE]\n\n"
)
"""With `logprobs`, cut by `max_tokens`, a prompt that was partly known."""

TEXT = (
    b'data: {"id":"cmpl-99d62b81ab274b42","object":"text_completion","created":1795256035,"model":"tiny","choices":'
    b'[{"index":0,"text":"Hello","logprobs":{"text_offset":[0],"token_logprobs":[-0.0124323396012187],"tokens":'
    b'["Hello"],"top_logprobs":[{"I":-4.82493257522583,"Hello":-0.0124323396012187}]},"finish_reason":null,'
    b'"stop_reason":null,"prompt_token_ids":null,"token_ids":null}],"usage":{"prompt_tokens":3,"total_tokens":4,'
    b'"completion_tokens":1}}\n\n'
    b'data: {"id":"cmpl-99d62b81ab274b42","object":"text_completion","created":1795256035,"model":"tiny","choices":'
    b'[{"index":0,"text":"!","logprobs":null,"finish_reason":"stop","stop_reason":"how","prompt_token_ids":null,'
    b'"token_ids":null}],"usage":{"prompt_tokens":3,"total_tokens":5,"completion_tokens":2}}\n\n'
    b'data: {"id":"cmpl-99d62b81ab274b42","object":"text_completion","created":1795256035,"model":"tiny","choices":'
    b'[],"usage":{"prompt_tokens":3,"total_tokens":5,"completion_tokens":2,"prompt_tokens_details":'
    b'{"cached_tokens":0}},"system_fingerprint":"vllm-0.32.0-25e7d432"}\n\n'
    b"data: [DONE]\n\n"
)
"""A completion, ended at a stop string."""
