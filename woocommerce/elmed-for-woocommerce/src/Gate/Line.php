<?php

/**
 * So many packs of one product that needs a prescription.
 *
 * Made by Gate\Basket. `sku` is ELMED's; null when ELMED does not know the product, which then cannot be sold.
 */

namespace Elmed\WooCommerce\Gate;

final class Line
{
    /** The shop's product or variation. */
    public int $product;
    public ?string $sku;
    /** What the shopper sees; for their screen only, never for a mail or a log. */
    public string $name;
    /** Thousandths of a pack. */
    public int $milli = 0;

    public function __construct(int $product, ?string $sku, string $name)
    {
        $this->product = $product;
        $this->sku = $sku;
        $this->name = $name;
    }

    /** @return array{sku: string, quantity: string} As the API takes it. */
    public function asked(): array
    {
        return array('sku' => (string) $this->sku, 'quantity' => Packs::text($this->milli));
    }
}
