<?php

/** ELMED did not say yes or no about the prescription: what Gate\Calls throws, with a reason of Gate\Messages. */

namespace Elmed\WooCommerce\Gate;

final class Unanswered extends \RuntimeException
{
    public string $reason;

    public function __construct(string $reason)
    {
        parent::__construct($reason);
        $this->reason = $reason;
    }
}
